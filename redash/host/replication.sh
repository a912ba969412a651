# shellcheck shell=bash
# Makes the source's PostgreSQL one that another server can follow, and what it was again. Settings go to
# postgresql.auto.conf (ALTER SYSTEM), which lies with the data whatever the compose file is; what Compose must know is in an
# override file, which both versions of Compose read by themselves when somebody says `up`.

MOVER=redash_mover
TASK=redash_dms
BACKUP=$STATE/before
CERTIFICATE=redash-move.crt
KEY=redash-move.key
# How long PostgreSQL may take to end or to begin, seconds.
RESTART_SECONDS=120
WAL_KEEP_LEAST_MB=1024

# Where the data directory is on the host, so that files can be put back when PostgreSQL does not start. Only in a volume
# that outlives the container: a new container would begin with an empty database.
find_data() {
  local directory mounts destination source name
  if [[ -f $BACKUP/data ]]; then
    DATA=$(<"$BACKUP/data")
    return
  fi
  directory=$(sql 'SHOW data_directory') || exit
  mounts=$(docker inspect --format '{{range .Mounts}}{{.Destination}}|{{.Source}}|{{.Name}}{{println}}{{end}}' "$DATABASE")
  DATA=
  while IFS='|' read -r destination source name; do
    [[ -n $destination && $directory/ == "$destination"/* ]] || continue
    [[ ! $name =~ ^[0-9a-f]{64}$ ]] ||
      refuse "PostgreSQL's data is in a volume without a name, which a new container would not find again: give it one in the compose file"
    DATA=$source${directory#"$destination"}
  done <<<"$mounts"
  [[ -n $DATA ]] || refuse "PostgreSQL's data ($directory) is in no volume: it would end with its container"
  [[ -f $DATA/PG_VERSION ]] || refuse "there is no PostgreSQL in $DATA, where its data should be"
}

# Files that prepare changes or makes, by the name of their copy. There is no copy of a file that was not there.
changed_files() {
  printf '%s\n' "auto $DATA/postgresql.auto.conf" "hba $DATA/pg_hba.conf" "override $DIRECTORY/$OVERRIDE" \
    "crt $DATA/$CERTIFICATE" "key $DATA/$KEY"
}

# Copies everything before the first change, and once: a second prepare starts from the same files.
back_up() {
  local name file
  [[ ! -d $BACKUP ]] || return 0
  rm -rf "$BACKUP.new"
  mkdir -p "$BACKUP.new"
  while read -r name file; do
    [[ ! -f $file ]] || cp --preserve=all "$file" "$BACKUP.new/$name"
  done < <(changed_files)
  # Not changed, but what an operator wants to compare with.
  cp --preserve=all "$DATA/postgresql.conf" "$BACKUP.new/postgresql.conf"
  tr ',' '\n' <<<"$FILES" | while IFS= read -r file; do
    [[ ! -f $file ]] || cp --preserve=all "$file" "$BACKUP.new/compose-${file##*/}"
  done
  sql 'SELECT pg_postmaster_start_time()' >"$BACKUP.new/started"
  echo "$DATA" >"$BACKUP.new/data"
  awk -F '|' '$1 == "database" { print $3 }' <<<"$CONTAINERS" >"$BACKUP.new/service"
  mv "$BACKUP.new" "$BACKUP"
}

sum_of() { if [[ -f $1 ]]; then sha256sum <"$1"; else echo none; fi; }

# Remembers what prepare has left, so that undo and a second prepare take away no change of somebody else.
remember() {
  local name file
  while read -r name file; do echo "$name $(sum_of "$file")"; done < <(changed_files) >"$BACKUP/left"
}

refuse_foreign_change() {
  local name file now
  [[ -f $BACKUP/left ]] || return 0
  while read -r name file; do
    now=$(sum_of "$file")
    grep -qxF "$name $now" "$BACKUP/left" || [[ $now == "$(sum_of "$BACKUP/$name")" ]] ||
      refuse "$file has been changed since prepare; put your change aside, make it what prepare left, and run it again (before prepare: $BACKUP/$name)"
  done < <(changed_files)
}

# Writes the input into a file of the data directory, for PostgreSQL's own user.
write_data() {
  local file=$DATA/$1
  cat >"$file.redash-move"
  chown --reference="$DATA/PG_VERSION" "$file.redash-move"
  chmod 600 "$file.redash-move"
  mv "$file.redash-move" "$file"
}

# Puts a file back as it was, or takes it away if it was not there.
put_back() {
  local name=$1 file=$2
  if [[ -f $BACKUP/$name ]]; then
    cp --preserve=all "$BACKUP/$name" "$file.redash-move"
    mv "$file.redash-move" "$file"
  else
    rm -f "$file"
  fi
}

own_address() {
  local address
  address=$(given address)
  [[ -n $address ]] || address=$(ip -4 route get 169.254.169.254 | sed -n 's/.* src \([0-9.]*\).*/\1/p')
  [[ $address =~ ^[0-9]+(\.[0-9]+){3}$ ]] || refuse "this host's private address is not known; name it (--address)"
  echo "$address"
}

# A role that may do everything: the fence holds the application's role back, which in the official set-up is a superuser
# too, and AWS wants one for DMS (CHAP_Source.PostgreSQL, "Working with self-managed PostgreSQL databases").
make_role() {
  local role=$1 verifier=$2
  sql "DO \$\$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$role') THEN CREATE ROLE $role; END IF; END \$\$;
    ALTER ROLE $role SUPERUSER REPLICATION LOGIN PASSWORD '$verifier'"
}

# A password never comes here: SSM keeps what a command is given.
assert_verifier() {
  [[ $2 =~ ^SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$ ]] ||
    refuse "the password of $1 must come as a verifier of SCRAM-SHA-256"
}

# Encrypted, from the VPC, with a password; whoever tries these roles otherwise is not let in by a line further down.
host_lines() {
  local kind=hostssl roles=$MOVER
  [[ $(given plain) != yes ]] || kind=host
  [[ -z $(given task_verifier) ]] || roles+=,$TASK
  cat <<LINES
$OVERRIDE_MARK
$kind all $roles $1 scram-sha-256
$kind replication $roles $1 scram-sha-256
host all $roles all reject
host replication $roles all reject
LINES
}

# A certificate for the address, because that is the name by which the server is called. Its key stays here.
make_certificate() {
  local folder
  [[ ! -f $DATA/$CERTIFICATE || ! -f $DATA/$KEY ]] || return 0
  folder=$(mktemp --directory)
  cat >"$folder/request" <<REQUEST
[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
CN = $1
[extensions]
subjectAltName = IP:$1
basicConstraints = critical,CA:TRUE
REQUEST
  openssl req -x509 -newkey rsa:3072 -nodes -sha256 -days 825 -config "$folder/request" \
    -keyout "$folder/key" -out "$folder/crt" 2>"$folder/words" || fail "openssl makes no certificate: $(<"$folder/words")"
  write_data "$KEY" <"$folder/key"
  write_data "$CERTIFICATE" <"$folder/crt"
  rm -rf "$folder"
}

# Whether an override file is needed to publish the port.
needs_override() {
  local address=$1 port=$2 inner=$3 file
  if is_own_override; then return 0; fi
  if is_published "$address" "$port" "$inner"; then
    [[ -z $(given image) ]] || refuse "PostgreSQL's port is published already: set the image in the compose file"
    return 1
  fi
  for file in compose.override.yaml compose.override.yml docker-compose.override.yaml "$OVERRIDE"; do
    [[ ! -f $DIRECTORY/$file ]] ||
      refuse "$DIRECTORY/$file is an override file of your own, and Compose reads one; add to its service of PostgreSQL the port \"$address:$port:$inner\", say up for that service, and run prepare again"
  done
}

# A new container runs what the compose file and the tag say now, which may be another PostgreSQL than the one at work: a tag
# that was pulled since, or a line that nobody has put into effect yet. pgautoupgrade would bring the data to its version.
assert_same_image() {
  local service config image now tagged
  service=$(awk -F '|' '$1 == "database" { print $3 }' <<<"$CONTAINERS")
  config=$(compose config)
  image=$(awk -v service="  $service:" '
    $0 == service { inside = 1; next }
    inside && /^  [^ ]/ { inside = 0 }
    inside && $1 == "image:" { print $2 }' <<<"$config")
  now=$(docker inspect --format '{{.Image}}' "$DATABASE")
  tagged=$(docker image inspect --format '{{.Id}}' "$image") || tagged=none
  [[ $now == "$tagged" ]] ||
    refuse "a new container of $service would run another image than now: $image is not $now any more; say docker tag $now $image, or put that image in the compose file"
}

is_published() { docker port "$DATABASE" | grep -qxF "$3/tcp -> $1:$2"; }

write_override() {
  local address=$1 port=$2 inner=$3 image version
  # Compose v1 merges files of one version only.
  version=$(sed -n '/^version:/{p;q}' "${FILES%%,*}")
  image=$(given image)
  {
    echo "$OVERRIDE_MARK"
    [[ -z $version ]] || echo "$version"
    printf 'services:\n  %s:\n    ports:\n      - "%s:%s:%s"\n' "$(<"$BACKUP/service")" "$address" "$port" "$inner"
    [[ -z $image ]] || echo "    image: $image"
  } >"$DIRECTORY/$OVERRIDE.redash-move"
  mv "$DIRECTORY/$OVERRIDE.redash-move" "$DIRECTORY/$OVERRIDE"
}
