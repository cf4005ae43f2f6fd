-- Nothing of a batch is handed out from now on, and what waits ends.
local function close_batch(batch, header, by)
  header.cancelled, header.closed_at = by, now
  redis.call('HSET', key('batch', batch), 'cancelled', by, 'closed_at', now)
end

-- Close a batch that has spent its budget. `running_s` is what an attempt has used that has not ended.
-- Returns who closed it: 'budget <part> <limit>', whoever cancelled it before, or nil.
local function keep_to_budget(batch, header, running_s)
  if header.cancelled then
    return header.cancelled
  end
  local budget, part = header.budget, nil
  if now - header.since >= 1000 * (budget.wall_s or math.huge) then
    part = 'wall_s'
  elseif header.spent + (running_s or 0) >= (budget.slot_seconds or math.huge) then
    part = 'slot_seconds'
  elseif header.begun >= (budget.jobs or math.huge) then
    part = 'jobs'
  end
  if part then
    close_batch(batch, header, 'budget ' .. part .. ' ' .. string.format('%.14g', budget[part]))
  end
  return header.cancelled
end

local CANCELLING_MS = 5000

-- Whether the waiting jobs of a batch end now that was closed by `by` (nil: it was not): its budget is spent, or whoever
-- cancelled it went away half-way.
local function closed_for_good(header, by)
  return by and (by:match('^budget ') or header.closed_at + CANCELLING_MS < now)
end

-- Whether a job goes on in a batch that was closed by `by`: a budget of jobs is about those that have not started.
local function goes_on(id, by)
  return by:match('^budget jobs ') and redis.call('HEXISTS', key('job', id), 'started') == 1
end

local BUDGET_SPENT = {
  wall_s = "The batch's budget of %s s since its submission is spent.",
  slot_seconds = "The batch's budget of %s slot-seconds is spent.",
  jobs = 'As many jobs of the batch have begun as its budget allows: %s.',
  same_failure = 'The first %s jobs of the batch failed for the same reason, so the rest was stopped.',
}

local function cancelled_message(by)
  local part, most = by:match('^budget (%S+) (%S+)$')
  return BUDGET_SPENT[part] and BUDGET_SPENT[part]:format(most) or 'Cancelled by ' .. by .. '.'
end

-- Why a running job of this batch must stop, '<reason> <message>', or nil. A budget of jobs stops none that runs.
local function spent(header)
  local by = header and header.cancelled
  if by and by:match('^budget ') and not by:match('^budget jobs ') then
    return 'budget ' .. cancelled_message(by)
  end
end
