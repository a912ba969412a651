# shellcheck shell=bash
# The environment of Redash's server, readable for nobody but the caller: the output of a command stays with AWS.

# What fits into one block of RSA-OAEP with a key of 3072 bits, which is 318 bytes.
BLOCK_BYTES=300

# Encrypts it in blocks with the caller's public key (DER, base64).
act_environment() {
  local server text key offset
  find_project
  command -v openssl >/dev/null || refuse "there is no openssl on this host"
  server=$(containers_of servers | head -n 1)
  text=$(docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$server")
  key=$(mktemp)
  trap 'rm -f "$key"' EXIT
  given key | base64 --decode >"$key"
  for ((offset = 0; offset < ${#text}; offset += BLOCK_BYTES)); do
    # By the input: arguments can be read by everybody on the host.
    printf '%s' "${text:offset:BLOCK_BYTES}" |
      openssl pkeyutl -encrypt -pubin -keyform DER -inkey "$key" \
        -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 | base64 --wrap=0
    echo
  done
}
