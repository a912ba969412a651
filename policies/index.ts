import { PolicyPack } from "@pulumi/policy";
import { enginePolicies } from "./engine";
import { EXCEPTIONS } from "./exceptions";
import { POLICIES } from "./pack";

/** The entry that the engine loads: `pulumi preview --policy-pack policies`. */
new PolicyPack("redash-guard", {
  enforcementLevel: "mandatory",
  policies: enginePolicies(POLICIES, EXCEPTIONS),
});
