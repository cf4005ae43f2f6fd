-- The result cache.
-- `cache` of a job is the digest of all that decides its result. An entry has the `leader` that runs for it, or the
-- `source` that ran; equal jobs follow the leader, and get the source's report.
local KEPT = { succeeded = true, failed = true, memory_exceeded = true, output_exceeded = true, disk_exceeded = true,
  processes_exceeded = true }
-- These may be the host's doing as well: whoever followed gets them, nobody who comes later.
local PASSED_ON = { timed_out = true, cpu_exceeded = true, io_exceeded = true }
local FOLLOWERS_AT_ONCE = 500
local LEADER_S = 30 * 86400

local function cache_of(digest)
  local fields = redis.call('HMGET', key('cache', digest), 'leader', 'source', 'attempt', 'needs', 'image')
  return { leader = fields[1], source = fields[2], attempt = fields[3], needs = fields[4], image = fields[5] }
end

local function stop_following(id, digest)
  local removed = redis.call('ZREM', key('followers', digest), id)
  if removed == 1 then
    add(key('counters'), 'following', -1)
    redis.call('HDEL', key('job', id), 'follows')
  end
  return removed == 1
end

-- False where a live host would run it in another image by now.
local images = {}
local function same_image(needs, image)
  if image == '' then
    return true
  end
  local name = needs .. ' ' .. image
  if images[name] == nil then
    images[name] = true
    for _, host in ipairs(live_hosts()) do
      local there = redis.call('HGET', key('host', host, 'images'), needs)
      images[name] = images[name] and (not there or there == image)
    end
  end
  return images[name]
end

-- How the source of an entry ended, or nil where it must not answer for anybody.
local function outcome_of_source(entry)
  if not entry.source then
    return
  end
  local fields = read(key('job', entry.source), 'state', 'attempt', 'outcome')
  return fields[1] == 'finished' and fields[2] == entry.attempt and (KEPT[fields[3]] or PASSED_ON[fields[3]])
    and same_image(entry.needs or '', entry.image or '') and fields[3] or nil
end

-- Whether a job may wait for this leader: what it waits for must not be served later than the job itself.
local function may_follow(leader, digest, place, header)
  local fields = read(key('job', leader), 'state', 'cache', 'place')
  local other = header_of(batch_of(leader))
  if fields[2] ~= digest or not other or other.cancelled then
    return false
  end
  return fields[1] == 'running' or fields[1] == 'ended'
    or fields[1] == 'ready' and fields[3] == place and other.owner == header.owner
      and (other.max_running == nil or other.max_running == header.max_running)
end

-- What becomes of a job that would be ready: 'answered' by an earlier one, 'follows' one under way, or 'ready' itself.
local function admit(id, digest, place, header)
  local entry, job = cache_of(digest), key('job', id)
  local outcome = outcome_of_source(entry)
  if outcome and entry.source ~= id then
    note(job, 'cached', 'cache', entry.source)
    add(job, 'attempt', 1)
    ended(id, outcome, nil, 'cached_from', entry.source, 'token', '')
    return 'answered'
  end
  if entry.leader and entry.leader ~= id then
    if may_follow(entry.leader, digest, place, header) then
      redis.call('HSET', job, 'follows', digest)
      redis.call('ZADD', key('followers', digest), 'NX', now, id)
      add(key('counters'), 'following', 1)
      redis.call('ZADD', key('following'), 'NX', now, digest)
      return 'follows'
    end
    local state = read(key('job', entry.leader), 'state', 'cache')
    if state[2] == digest and state[1] ~= 'finished' then
      return 'ready' -- the other one stays the leader
    end
  end
  redis.call('HSET', key('cache', digest), 'leader', id)
  redis.call('HDEL', key('cache', digest), 'source')
  redis.call('EXPIRE', key('cache', digest), LEADER_S)
  return 'ready'
end
