-- Webhooks: each host they go to has a queue of its own, and hosts take turns.
local function hook_host(url)
  return url:match('^%a+://([^/?#]+)') or 'none'
end

-- When a host's first webhook is due: whoever waits for another host comes before its next one.
local function next_hook(host)
  local first = redis.call('ZRANGE', key('outbox', host), 0, 0, 'WITHSCORES')
  if first[2] then
    redis.call('ZADD', key('outbox'), math.max(now, tonumber(first[2])), host)
  else
    redis.call('ZREM', key('outbox'), host)
  end
end
