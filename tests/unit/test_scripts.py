"""What of the shared text each script is sent with."""

from __future__ import annotations

from windtunnel.records.lua import script, with_shared

SHARED = """-- About all of it.
local P = KEYS[1]
local LIMIT = 5

local function key(name)
  return P .. name -- not other(name)
end

-- About other.
local function other()
  return LIMIT
end

local function deep()
  return key('x')
end
"""


def test_a_script_gets_what_it_uses_at_first_and_at_second_hand_in_its_order() -> None:
    text = with_shared(SHARED, "return deep()\n")
    assert [line for line in text.splitlines() if line.startswith("local")] == [
        "local P = KEYS[1]",
        "local function key(name)",
        "local function deep()",
    ]
    assert text.endswith("return deep()\n")


def test_what_only_comments_name_is_left_out() -> None:
    assert "function other" not in with_shared(SHARED, "-- other() would do\nreturn key('y')\n")


def test_the_shipped_scripts_get_different_parts() -> None:
    assert "local function enqueue" in script("claim")[0]
    assert "local function enqueue" not in script("host_alive")[0]
