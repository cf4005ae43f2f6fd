local function host_of(session)
  return session:match('^[^:]*')
end

-- Hosts that were seen within the last seconds and take work.
local function live_hosts()
  return redis.call('ZRANGEBYSCORE', key('hosts'), now - 15000, '+inf')
end
