local MOST_TRIALS = 100000 -- of an owner on a dataset

local function hash_at(at)
  if redis.call('TYPE', at).ok ~= 'hash' then
    redis.call('DEL', at)
  end
  return at
end

local function figure(more, name)
  return tonumber(redis.call('HGET', more, name) or '') or 0
end

-- A trial is noted once, however often the same one is made. Of those beyond the bound only the figures are kept.
local function note_trial(owner, trial)
  local digest, ratio, datasets = trial:match('^(%S+) (%S+) (.+)$')
  for dataset in (datasets or ''):gmatch('%S+') do
    local known = hash_at(key('trials', owner, dataset))
    if redis.call('HLEN', known) < MOST_TRIALS then
      redis.call('HSETNX', known, digest, ratio)
    elseif redis.call('HEXISTS', known, digest) == 0 then
      local more, value = hash_at(key('trials', owner, dataset, 'more')), tonumber(ratio)
      if not value then
        redis.call('HSET', more, 'flat', figure(more, 'flat') + 1)
      else
        local scored, mean = figure(more, 'scored') + 1, figure(more, 'mean')
        local moved = mean + (value - mean) / scored
        redis.call('HSET', more, 'scored', scored, 'mean', string.format('%.17g', moved),
          'squares', string.format('%.17g', figure(more, 'squares') + (value - mean) * (value - moved)))
      end
    end
  end
end
