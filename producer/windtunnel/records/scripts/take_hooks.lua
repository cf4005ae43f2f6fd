-- Hand a deliverer webhooks that are due; they stay its own for a while. Hosts take turns.
-- ARGV: most, hosts looked at, most to one host, lease ms
-- Returns for each: event, URL, body, attempt
local most, answers = tonumber(ARGV[1]), {}

local function take(host, event)
  local at = key('hook', event)
  local fields = read(at, 'url', 'body')
  if not fields[1] or not fields[2] then
    redis.call('ZREM', key('outbox', host), event)
    redis.call('DEL', at)
    return
  end
  redis.call('ZADD', key('outbox', host), now + tonumber(ARGV[4]), event)
  table.insert(answers, { event, fields[1], fields[2], add(at, 'attempt', 1) })
end

for _, host in ipairs(redis.call('ZRANGEBYSCORE', key('outbox'), '-inf', now, 'LIMIT', 0, tonumber(ARGV[2]))) do
  local first = math.min(tonumber(ARGV[3]), most - #answers)
  if first <= 0 then
    break
  end
  for _, event in ipairs(redis.call('ZRANGEBYSCORE', key('outbox', host), '-inf', now, 'LIMIT', 0, first)) do
    take(host, event)
  end
  next_hook(host)
end
return answers
