-- Put webhooks that were given up into the outbox again, with all of their attempts.
-- ARGV: events
-- Returns for each 1, or 0 if it is no longer stored.
local answers = {}
for _, event in ipairs(ARGV) do
  local url = read(key('hook', event), 'url')[1]
  if url then
    redis.call('HDEL', key('hook', event), 'attempt')
    redis.call('ZADD', key('outbox', hook_host(url)), now, event)
    next_hook(hook_host(url))
  end
  table.insert(answers, url and 1 or 0)
end
return answers
