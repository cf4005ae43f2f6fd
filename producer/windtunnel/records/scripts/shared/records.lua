-- Keys and records. KEYS[1] is the prefix of all keys; `keyspace.py` describes them.
local P = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local HISTORY_BYTES = 4096
local DEFAULT_ESTIMATE_S = 0.1
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

-- A count that a record holds; 0 where it is missing or damaged.
local function count_of(value)
  local count = tonumber(value)
  return count and count >= 0 and count < 1e9 and count % 1 == 0 and count or 0
end

-- Add to a count of a hash and return the sum. A count that somebody damaged begins anew: it must not stop the others.
local function add(at, field, amount)
  local sum = redis.pcall('HINCRBYFLOAT', at, field, amount)
  if type(sum) == 'table' then
    redis.call('HSET', at, field, amount)
    return amount
  end
  return tonumber(sum)
end

-- Fields of a record. A key of another type is removed, so that it counts as a record that is gone.
local function read(at, ...)
  local fields = redis.pcall('HMGET', at, ...)
  if fields.err then
    redis.call('DEL', at)
    return {}
  end
  return fields
end

local function read_header(batch)
  local fields = read(key('batch', batch), 'owner', 'total', 'finished', 'written', 'running', 'max_running', 'seconds',
    'measured', 'isolation', 'cancelled', 'closed_at', 'budget', 'since', 'spent', 'begun',
    'webhook')
  local header = { owner = fields[1], isolation = fields[9], cancelled = fields[10], since = number(fields[13], now),
    spent = number(fields[14]), begun = number(fields[15]), webhook = fields[16] }
  for at, name in ipairs({ 'total', 'finished', 'written', 'running', 'max_running', 'seconds', 'measured' }) do
    header[name] = finite(fields[at + 1])
    if fields[at + 1] and not header[name] then
      return nil
    end
  end
  header.closed_at = number(fields[11])
  local readable, budget = pcall(cjson.decode, fields[12] or '{}')
  header.budget = readable and type(budget) == 'table' and budget or {}
  return header.owner and header.total and header.finished and header.written and header or nil
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

-- Counters for whoever monitors the deployment. Whoever damaged one must not stop what is counted.
local function tally(name, amount)
  redis.pcall('HINCRBYFLOAT', key('metrics'), name, amount)
end

local function batch_of(id)
  return id:match('^(.*)%-%d+$')
end

local function index_of(id)
  return tonumber(id:match('(%d+)$'))
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

-- Programs are stored once and kept for as long as an unfinished job uses them.
local function use_program(program, jobs)
  local sha = program:match('^[^:]*')
  if redis.call('HINCRBY', key('uses'), sha, jobs) <= 0 then
    redis.call('HDEL', key('uses'), sha)
    return sha
  end
  redis.call('PERSIST', key('code', sha))
end
