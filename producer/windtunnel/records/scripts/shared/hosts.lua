local function host_of(session)
  return session:match('^[^:]*')
end

-- Hosts that were seen within the last seconds and take work.
local function live_hosts()
  return redis.call('ZRANGEBYSCORE', key('hosts'), now - 15000, '+inf')
end

local MOST_AVOIDED = 4

-- The hosts that a job is to avoid now that it failed on this one, too: names separated by commas, the newest first.
local function avoiding(avoided, host)
  local names = { host }
  for name in (avoided or ''):gmatch('[^,%s]+') do
    if name ~= host and #names < MOST_AVOIDED then
      table.insert(names, name)
    end
  end
  return table.concat(names, ',')
end
