-- Let jobs that followed go on: as an entry's source has it, or behind a new leader. Forgets the entry of a source that
-- answers only for them.
local function release(digest)
  local followers = key('followers', digest)
  for _, id in ipairs(redis.call('ZRANGE', followers, 0, FOLLOWERS_AT_ONCE - 1)) do
    stop_following(id, digest)
    local fields = read(key('job', id), 'state', 'cache', 'place', 'token')
    local header = header_of(batch_of(id))
    if not header then
      discard(id)
    elseif fields[1] ~= 'ready' or fields[2] ~= digest or not fields[3] then
      find(id)
    elseif keep_to_budget(batch_of(id), header) then
      note(key('job', id), 'cancelled', header.cancelled)
      ended(id, 'cancelled', cancelled_message(header.cancelled))
    elseif admit(id, digest, fields[3], header) == 'ready' then
      wait_again(id, 'ready', 'RPUSH')
    end
  end
  if redis.call('EXISTS', followers) == 1 then
    local entry = cache_of(digest)
    redis.call('ZADD', key('following'), (entry.source or not entry.leader) and 0 or now, digest)
    return
  end
  redis.call('ZREM', key('following'), digest)
  local entry = cache_of(digest)
  if entry.source and not KEPT[read(key('job', entry.source), 'outcome')[1]] then
    redis.call('DEL', key('cache', digest))
  end
end

-- Release followers whose leader has its report, or of which nothing was heard for a while.
local function release_due(most, before)
  for _, digest in ipairs(redis.call('ZRANGEBYSCORE', key('following'), '-inf', before, 'LIMIT', 0, most)) do
    local leader = cache_of(digest).leader
    local first = redis.call('ZRANGE', key('followers', digest), 0, 0)[1]
    local header = first and header_of(batch_of(first))
    if leader and redis.call('EXISTS', key('job', leader)) == 1 then
      find(leader)
    end
    local waits = leader and header and not keep_to_budget(batch_of(first), header) and is_somewhere(leader)
      and may_follow(leader, digest, read(key('job', first), 'place')[1], header)
    if waits then
      redis.call('ZADD', key('following'), now, digest)
    else
      release(digest)
    end
  end
end
