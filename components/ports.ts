/** TCP ports of the managed side, as its resources listen and the firewall lets through. */
export const POSTGRESQL_PORT = 5432;
export const VALKEY_PORT = 6379;
export const HTTPS_PORT = 443;
/** Only for the redirect to HTTPS. */
export const HTTP_PORT = 80;
