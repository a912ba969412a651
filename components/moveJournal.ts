import type * as pulumi from "@pulumi/pulumi";
import { privateBucket, type PrivateBucket } from "./privateBucket";

/** Longer than a move lasts: who wrote over the journal can be seen for as long. */
const OLD_VERSION_DAYS = 90;

/**
 * The bucket of a move's journal, of its lock and of the phase that it records. Nothing in it ends by itself, because
 * a move that forgets what it has done would do it again; it ends with the phase `complete`, and everything in it.
 */
export const moveJournal = (
  name: string,
  keyArn: pulumi.Input<string>,
  parent: pulumi.Resource,
): PrivateBucket =>
  privateBucket(
    name,
    {
      protect: false,
      keyArn,
      // Marks of what was deleted, once its versions are gone.
      expiration: { expiredObjectDeleteMarker: true },
      oldVersionDays: OLD_VERSION_DAYS,
    },
    parent,
  );
