/** Where AWS is, and how long it is waited for. */
export interface ClientOptions {
  readonly region: string;
  /** Instead of AWS's own address: a server that tests have started. */
  readonly endpoint?: string;
}

/** How every client is made: it sends a request once, because `call` knows which may be sent again. */
export const clientConfig = ({ region, endpoint }: ClientOptions) => ({
  region,
  maxAttempts: 1,
  ...(endpoint === undefined ? {} : { endpoint }),
});
