local MOST_TRIALS = 100000 -- of an owner on a dataset

local function figure(more, name)
  return tonumber(redis.call('HGET', more, name) or '') or 0
end

-- Figures of the trials beyond the bound; each Sharpe ratio has its bars as its weight.
local function note_beyond(more, ratio, bars)
  if not ratio then
    add(more, 'flat', 1)
    return
  end
  if figure(more, 'bars') == 0 then -- nothing, or noted by an earlier version, without the bars
    redis.call('HSET', more, 'flat', figure(more, 'flat') + figure(more, 'scored'), 'scored', 0, 'mean', 0, 'squares', 0)
  end
  local value, weight, mean = tonumber(ratio), tonumber(bars), figure(more, 'mean')
  local total = figure(more, 'bars') + weight
  local moved = mean + (value - mean) * weight / total
  redis.call('HSET', more, 'scored', figure(more, 'scored') + 1, 'bars', string.format('%.0f', total),
    'mean', string.format('%.17g', moved),
    'squares', string.format('%.17g', figure(more, 'squares') + weight * (value - mean) * (value - moved)))
end

-- A trial is noted once, however often the same one is made. Of those beyond the bound only the figures are kept.
local function note_trial(owner, trial)
  local digest, stored, datasets = trial:match('^(%S+) (%S+) (.+)$')
  for dataset in (datasets or ''):gmatch('%S+') do
    local known = key('trials', owner, dataset)
    if redis.call('HLEN', known) < MOST_TRIALS then
      redis.call('HSETNX', known, digest, stored)
    elseif redis.call('HEXISTS', known, digest) == 0 then
      note_beyond(key('trials', owner, dataset, 'more'), stored:match('^(.+)/(%d+)$'))
    end
  end
end
