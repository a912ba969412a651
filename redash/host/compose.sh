# shellcheck shell=bash
# The compose project of Redash, made by Compose v1 (docker-compose) or v2 (docker compose).

OVERRIDE=docker-compose.override.yml
OVERRIDE_MARK="# Made by the move to AWS (npm run source -- prepare), taken away by undo."

# Fields of a container, with the one that may contain anything last.
FIELDS='{{.Id}}|{{index .Config.Labels "com.docker.compose.project"}}|{{index .Config.Labels "com.docker.compose.service"}}'
FIELDS+='|{{.State.Status}}|{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}'
FIELDS+='|{{.Config.Image}}|{{index .Config.Labels "com.docker.compose.version"}}'
FIELDS+='|{{index .Config.Labels "com.docker.compose.project.working_dir"}}'
FIELDS+='|{{index .Config.Labels "com.docker.compose.project.config_files"}}|{{json .Config.Cmd}}'

# Which part of Redash a service is: as the caller says, else by its command or image in the official compose file.
part_of() {
  local service=$1 image=$2 command=$3 part
  if [[ -n $(given servers) ]]; then
    for part in servers scheduler workers database queue; do
      [[ " $(given "$part") " == *" $service "* ]] && echo "$part" && return
    done
    command=none
  fi
  case $command,${image##*/} in
    '["server"]',*) echo servers ;;
    '["scheduler"]',*) echo scheduler ;;
    '["worker"]',*) echo workers ;;
    none,nginx*) echo nginx ;;
    none,*) echo other ;;
    *,postgres* | *,pgautoupgrade*) echo database ;;
    *,redis* | *,valkey*) echo queue ;;
    *,nginx*) echo nginx ;;
    *) echo other ;;
  esac
}

# Sets PROJECT, DIRECTORY, FILES, COMPOSE_VERSION, and CONTAINERS: lines of part|id|service|status|policy|image.
find_project() {
  local ids rows id project service status policy image version directory files command part wanted
  local -A containers=() directories=() configs=() versions=() servers=()
  command -v docker >/dev/null || refuse "there is no docker on this host"
  ids=$(docker ps --all --quiet --no-trunc --filter label=com.docker.compose.oneoff=False)
  [[ -n $ids ]] || refuse "there is no container of a compose project on this host; start Redash and try again"
  wanted=$(given directory)
  # shellcheck disable=SC2086 # one word for each id
  rows=$(docker inspect --format "$FIELDS" $ids)
  while IFS='|' read -r id project service status policy image version directory files command; do
    # Compose before 1.25 does not say where its file is; the official set-up has it here.
    [[ -n $directory ]] || directory=${wanted:-/opt/redash}
    [[ -z $wanted || $directory == "$wanted" ]] || continue
    part=$(part_of "$service" "$image" "$command")
    containers[$project]+="$part|$id|$service|$status|$policy|$image"$'\n'
    directories[$project]=$directory
    configs[$project]=$files
    versions[$project]=$version
    [[ $part != servers ]] || servers[$project]=yes
  done <<<"$rows"
  case ${#servers[@]} in
    1) ;;
    0) refuse "no compose project ${wanted:+in $wanted }has a service that runs Redash's server; name its services (--servers, --scheduler, --workers, --database, --queue)" ;;
    *) refuse "several compose projects run Redash's server: ${!servers[*]}; name one by its folder (--directory)" ;;
  esac
  PROJECT=${!servers[*]}
  DIRECTORY=${directories[$PROJECT]}
  COMPOSE_VERSION=${versions[$PROJECT]}
  CONTAINERS=$(sort <<<"${containers[$PROJECT]%$'\n'}")
  FILES=${configs[$PROJECT]}
  [[ -n $FILES ]] || FILES=$(compose_file)
}

compose_file() {
  local name
  for name in compose.yaml compose.yml docker-compose.yml docker-compose.yaml; do
    [[ -f $DIRECTORY/$name ]] && echo "$DIRECTORY/$name" && return
  done
  refuse "there is no compose file in $DIRECTORY; name its folder (--directory)"
}

# Compose as it has made the project, by name: by another name it would make all of it a second time. The version that has
# made it, because v2 refuses networks of v1.
compose() {
  local arguments=(--project-name "$PROJECT") file
  while IFS= read -r file; do
    # A container remembers the override file of before undo.
    [[ ! -f $file ]] || arguments+=(--file "$file")
  done < <(tr ',' '\n' <<<"$FILES")
  if is_own_override && [[ ,$FILES, != *",$DIRECTORY/$OVERRIDE,"* ]]; then
    arguments+=(--file "$DIRECTORY/$OVERRIDE")
  fi
  if [[ $COMPOSE_VERSION == 1.* ]]; then
    (cd "$DIRECTORY" && docker-compose "${arguments[@]}" "$@")
  else
    (cd "$DIRECTORY" && docker compose "${arguments[@]}" "$@")
  fi
}

# Whether the override file is the one that prepare makes.
is_own_override() { grep -qsxF "$OVERRIDE_MARK" "$DIRECTORY/$OVERRIDE"; }

# Whether that one names another image of PostgreSQL, as the operator wanted it.
is_own_image() { is_own_override && grep -q '^    image: ' "$DIRECTORY/$OVERRIDE"; }

# Ids of the containers of a part.
containers_of() { awk -F '|' -v part="$1" '$1 == part { print $2 }' <<<"$CONTAINERS"; }

# The one running container of a part.
container_of() {
  local ids
  ids=$(awk -F '|' -v part="$1" '$1 == part && $4 == "running" { print $2 }' <<<"$CONTAINERS")
  [[ $(wc -w <<<"$ids") -eq 1 ]] ||
    refuse "the compose project $PROJECT has $(wc -w <<<"$ids") running containers of its $1, not one"
  echo "$ids"
}

# A variable of a container's environment.
variable() {
  docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$1" | sed -n "s/^$2=//p"
}

# A variable of the process that serves Redash, also if it is stopped.
server_variable() { variable "$(containers_of servers | head -n 1)" "$1"; }

redash_version() {
  local server version
  server=$(containers_of servers | head -n 1)
  # The package's own word: a tag may be `latest`.
  version=$(docker exec "$server" \
    sed -n 's/^__version__ *= *"\([^"]*\)".*/\1/p' /app/redash/__init__.py)
  [[ -n $version ]] || fail "/app/redash/__init__.py of the server's image has no version"
  echo "$version"
}

act_version() {
  local version
  find_project
  version=$(redash_version) || exit
  echo "version=$version"
}

# What the move would work with.
act_find() {
  local part id service status policy image version
  find_project
  echo "project=$PROJECT"
  echo "directory=$DIRECTORY"
  echo "files=$FILES"
  echo "compose=${COMPOSE_VERSION:-unknown}"
  while IFS='|' read -r part id service status policy image; do
    echo "service=$service $part $status $image"
  done <<<"$CONTAINERS"
  version=$(redash_version) || exit
  echo "redash=$version"
  find_database
  version=$(sql 'SHOW server_version') || exit
  echo "postgres=$version"
  echo "database=$DATABASE_NAME"
}
