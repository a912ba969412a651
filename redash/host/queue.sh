# shellcheck shell=bash
# RQ's queues in the source's Redis, from 5 on. Each act is one script in the server, so that nothing changes meanwhile.

# Lua without double quotes and comments: it travels as one quoted word on one line.
declare -A LUA
LUA[backlog]="
  local running, seen, waiting = {}, {}, {}
  local function add(job) if not seen[job] then seen[job] = true; running[#running + 1] = job end end
  for _, key in ipairs(redis.call('SMEMBERS', 'rq:queues')) do
    local queue = string.gsub(key, '^rq:queue:', '')
    waiting[queue] = redis.call('LLEN', 'rq:queue:' .. queue)
    for _, job in ipairs(redis.call('ZRANGE', 'rq:wip:' .. queue, 0, -1)) do add(job) end
  end
  for _, worker in ipairs(redis.call('SMEMBERS', 'rq:workers')) do
    local entry = redis.call('HMGET', worker, 'state', 'current_job')
    if entry[1] == 'busy' then add(entry[2] or worker) end
  end
  table.sort(running)
  return cjson.encode({ running = running, waiting = waiting })"

LUA[server]="return cjson.encode({ info = redis.call('INFO') })"

LUA[consumers]="
  local found = {}
  for _, worker in ipairs(redis.call('SMEMBERS', 'rq:workers')) do
    for queue in string.gmatch(redis.call('HGET', worker, 'queues') or '', '[^,]+') do
      found[queue] = (found[queue] or 0) + 1
    end
  end
  return cjson.encode(found)"

LUA[suspend]="
  redis.call('SET', argument.key, '1')
  return cjson.encode({ suspended = redis.call('EXISTS', argument.key) })"
LUA[resume]="
  redis.call('DEL', argument.key)
  return cjson.encode({ suspended = redis.call('EXISTS', argument.key) })"
LUA[suspended]="return cjson.encode({ suspended = redis.call('EXISTS', argument.key) })"

LUA[keys]="
  local function keys(patterns)
    local found, cursor, page = {}, '0', nil
    for _, pattern in ipairs(patterns) do
      repeat
        page = redis.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', 1000)
        cursor = page[1]
        for _, key in ipairs(page[2]) do found[key] = true end
      until cursor == '0'
    end
    return found
  end"

LUA[state]="${LUA[keys]}
  local values = {}
  for key in pairs(keys(argument.patterns)) do
    local kind, left = redis.call('TYPE', key).ok, redis.call('PTTL', key)
    local value = { kind = kind }
    if left >= 0 then value.ttlMs = left end
    if kind == 'string' then value.value = redis.call('GET', key)
    elseif kind == 'set' then value.members = redis.call('SMEMBERS', key); table.sort(value.members)
    elseif kind == 'hash' then
      value.fields = {}
      local all = redis.call('HGETALL', key)
      for index = 1, #all, 2 do value.fields[all[index]] = all[index + 1] end
    elseif kind ~= 'none' then
      return cjson.encode({ problem = key .. ' is a ' .. kind .. '; Redash has no such key' })
    end
    if kind ~= 'none' then values[key] = value end
  end
  return cjson.encode({ values = values })"

# What is too long for one command comes in several: the first one has the patterns and keys of what is taken away.
LUA[restore]="${LUA[keys]}
  for key in pairs(keys(argument.patterns)) do redis.call('DEL', key) end
  for _, key in ipairs(argument.keys) do redis.call('DEL', key) end
  for key, value in pairs(argument.values) do
    if value.kind == 'string' then redis.call('SET', key, value.value)
    elseif value.kind == 'set' then for _, member in ipairs(value.members) do redis.call('SADD', key, member) end
    else for field, of in pairs(value.fields) do redis.call('HSET', key, field, of) end end
    if value.ttlMs then redis.call('PEXPIRE', key, value.ttlMs) end
  end
  return cjson.encode({ restored = true })"

# The argument comes in hexadecimal digits, which need no quotes.
LUA[argument]="
  local argument = ARGV[1] and cjson.decode((string.gsub(ARGV[1], '..',
    function (digits) return string.char(tonumber(digits, 16)) end)))"

# Runs one of these scripts. The password goes in by the input: arguments can be read by everybody on the host.
act_queue() {
  local name script url rq database container answer
  find_project
  name=$(given script)
  [[ $name =~ ^(backlog|server|consumers|suspend|resume|suspended|state|restore)$ ]] ||
    refuse "$name is no script of the queue"
  url=$(server_variable REDASH_REDIS_URL)
  rq=$(server_variable RQ_REDIS_URL)
  [[ -z $rq || $rq == "$url" ]] || refuse "RQ_REDIS_URL is another Redis than REDASH_REDIS_URL; the move knows one"
  database=${url##*/}
  [[ $database =~ ^[0-9]+$ ]] || database=0
  container=$(container_of queue) || exit
  script=$(tr '\n' ' ' <<<"${LUA[argument]} ${LUA[$name]}")
  answer=$(
    {
      print_login "$url"
      printf 'SELECT %s\n' "$database"
      printf 'EVAL "%s" 0 %s\n' "$script" "$(given argument | tr -d '\n' | od -An -v -tx1 | tr -d ' \n')"
    } | docker exec --interactive "$container" redis-cli
  )
  # redis-cli ends with 0 whatever the server says.
  [[ ${answer##*$'\n'} == '{'* ]] || fail "Redis refuses: ${answer##*$'\n'}"
  printf '%s\n' "${answer##*$'\n'}"
}

# The login of a URL. Redis before 6 knows only a password, and refuses a user beside it, whom Redash names all the same:
# its client then sends the password alone. A refusal ends no session, so the password goes first, and the user after it.
print_login() {
  local login=${1#*://} user password
  [[ $login == *@* ]] || return 0
  login=${login%@*}
  [[ $login == *:* ]] || return 0
  user=$(url_decoded "${login%%:*}")
  password=$(quoted "$(url_decoded "${login#*:}")")
  printf 'AUTH %s\n' "$password"
  [[ -z $user || $user == default ]] || printf 'AUTH %s %s\n' "$(quoted "$user")" "$password"
}

quoted() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

url_decoded() {
  local text=${1//\\/\\\\}
  printf '%b' "${text//%/\\x}"
}
