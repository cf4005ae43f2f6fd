-- Keys and records. KEYS[1] is the prefix of all keys; `keyspace.py` describes them.
local P = KEYS[1]
local plain = redis

-- A key of another type counts as one that is gone, whoever wrote it: it is removed, as it would stop everybody.
local function call(...)
  local answer = plain.pcall(...)
  if type(answer) == 'table' and answer.err then
    if tostring(answer.err):find('WRONGTYPE', 1, true) then
      plain.call('DEL', (select(2, ...)))
    end
    return plain.call(...)
  end
  return answer
end

local redis = { call = call, pcall = plain.pcall }
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local HISTORY_BYTES = 4096
local DEFAULT_ESTIMATE_S = 0.1
local MOST_JOBS = 100000 -- of a batch, as the contract has it
local ORPHANS_LIVE_S = 86400
local STATES = { queued = true, ready = true, running = true, ended = true, finished = true }

local function key(...)
  return P .. ':' .. table.concat({ ... }, ':')
end

-- A number that Redis's commands take, or nil: `tonumber` takes 'nan' and 'inf' too.
local function finite(value)
  local found = tonumber(value)
  return found and math.abs(found) < 2 ^ 53 and found or nil
end

local function number(value, default)
  return finite(value) or default or 0
end

-- A count that a record holds, or nil where it is missing or damaged.
local function counted(value)
  local count = tonumber(value)
  return count and count >= 0 and count < 1e9 and count % 1 == 0 and count or nil
end

local function count_of(value)
  return counted(value) or 0
end

-- Add to a count of a hash and return the sum. A count that somebody damaged begins anew: it must not stop the others.
local function add(at, field, amount)
  local sum = redis.pcall('HINCRBYFLOAT', at, field, amount)
  if type(sum) == 'table' or not finite(sum) then
    redis.call('HSET', at, field, amount)
    return amount
  end
  return tonumber(sum)
end

-- Fields of a record, each false where it is missing.
local function read(at, ...)
  return redis.call('HMGET', at, ...)
end

-- What a header's other fields say of a count of it that somebody damaged.
local function count_anew(batch, header)
  if not redis.call('ZSCORE', key('opening'), batch) then -- all of it is written
    header.total, header.written = header.total or header.written, header.written or header.total
  end
  if not header.finished then
    local fields, finished = redis.call('HGETALL', key('batch', batch)), 0
    for i = 1, #fields, 2 do
      finished = finished + (fields[i]:match('^outcome:') and count_of(fields[i + 1]) or 0)
    end
    header.finished = finished
  end
  if header.total and header.written then
    redis.call('HSET', key('batch', batch), 'total', header.total, 'written', header.written, 'finished', header.finished)
  end
end

local function read_header(batch)
  local fields = read(key('batch', batch), 'owner', 'total', 'finished', 'written', 'running', 'max_running', 'seconds',
    'measured', 'isolation', 'cancelled', 'closed_at', 'budget', 'since', 'spent', 'begun',
    'webhook')
  if not fields[1] and not counted(fields[2]) then
    return
  end
  local header = { owner = fields[1] or 'default', isolation = fields[9], cancelled = fields[10], since = number(fields[13], now),
    spent = number(fields[14]), begun = number(fields[15]), webhook = fields[16] }
  for at, name in ipairs({ 'total', 'finished', 'written', 'running', 'max_running' }) do
    local count = counted(fields[at + 1])
    header[name] = count and (count <= MOST_JOBS or name == 'max_running') and count or nil
  end
  header.seconds, header.measured = finite(fields[7]), finite(fields[8])
  header.closed_at = number(fields[11])
  local readable, budget = pcall(cjson.decode, fields[12] or '{}')
  header.budget = {}
  for part, most in pairs(readable and type(budget) == 'table' and budget or {}) do
    header.budget[part] = finite(most)
  end
  if not fields[1] then
    redis.call('HSET', key('batch', batch), 'owner', header.owner) -- somebody removed it, and its jobs must end
  end
  if header.total and header.finished and header.finished > header.total then -- one of them is wrong
    header.total, header.finished = nil, nil
  end
  if not (header.total and header.written and header.finished) then
    count_anew(batch, header)
  end
  return header.total and header.written and header or nil
end

-- A batch's header as it was when this script first looked, or nil where somebody removed or damaged it.
local headers = {}
local function header_of(batch)
  batch = batch or '' -- of an id that is none
  if headers[batch] == nil then
    headers[batch] = read_header(batch) or false
  end
  return headers[batch] or nil
end

-- Counters for whoever monitors the deployment.
local function tally(name, amount)
  add(key('metrics'), name, amount)
end

local function batch_of(id)
  return id:match('^(.*)%-%d+$')
end

local function index_of(id)
  return tonumber(id:match('(%d+)$'))
end

-- The header of a job's batch, or nil where the batch is gone or has no such job.
local function header_for(id)
  local batch = batch_of(id)
  local header = header_of(batch)
  return header and index_of(id) < header.total and id == string.format('%s-%.0f', batch, index_of(id)) and header or nil
end

-- History: one line a transition, '<ms> <what> <who>[ <detail>]'. Returns a history with one more line.
local function history_with(before, what, who, detail)
  before = before or ''
  if #before > HISTORY_BYTES then
    local first = before:find('\n', 1, true)
    local tail = before:sub(-HISTORY_BYTES / 2)
    before = before:sub(1, math.min(first or 0, HISTORY_BYTES / 2)) .. tail:sub((tail:find('\n', 1, true) or 0) + 1)
  end
  local line = string.format('%.0f %s %s', now, what, who)
  if detail then
    line = line .. ' ' .. detail
  end
  return before .. line .. '\n'
end

local function note(job, what, who, detail)
  redis.call('HSET', job, 'history', history_with(redis.call('HGET', job, 'history'), what, who, detail))
end

-- An event of a batch. Whoever damaged the stream must not cost jobs their reports.
local function tell(batch, total, ...)
  local events = key('batch', batch, 'events')
  if redis.pcall('XADD', events, 'MAXLEN', '~', 2 * total + 2, '*', ...).err then
    redis.call('DEL', events)
    redis.call('XADD', events, '*', ...)
  end
end

-- Programs are stored once and kept for as long as an unfinished job uses them.
local function use_program(program, jobs)
  local sha = program:match('^[^:]*')
  if add(key('uses'), sha, jobs) <= 0 then
    redis.call('HDEL', key('uses'), sha)
    return sha
  end
  redis.call('PERSIST', key('code', sha))
end
