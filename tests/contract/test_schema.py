"""The JSON that Windtunnel stores and hands out, as a schema that changes only on purpose.

After an intended change: raise `SCHEMA_VERSION` if old JSON can no longer be read, then run
`python tests/contract/test_schema.py` and commit the golden files with the change.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from windtunnel.contract import SCHEMA_VERSION, Batch, BatchStatus, Event, Job, JobStatus, Report, Verdict

GOLDEN = Path(__file__).parent / "golden"
MODELS: tuple[type[BaseModel], ...] = (Job, Batch, Report, Verdict, JobStatus, BatchStatus, Event)


def schema(model: type[BaseModel]) -> dict[str, Any]:
    return {"schema_version": SCHEMA_VERSION, "schema": undescribed(model.model_json_schema(mode="serialization"))}


def undescribed(part: Any) -> Any:
    """The schema without docstrings: their wording is not part of the contract."""
    if isinstance(part, dict):
        return {
            name: undescribed(value)
            for name, value in part.items()
            if not (name == "description" and isinstance(value, str))
        }
    return [undescribed(value) for value in part] if isinstance(part, list) else part


def golden_file(model: type[BaseModel]) -> Path:
    return GOLDEN / f"{model.__name__}.schema.json"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_schema_is_the_golden_one(model: type[BaseModel]) -> None:
    assert schema(model) == json.loads(golden_file(model).read_text())


def test_json_of_the_first_version_can_still_be_read() -> None:
    for name, model in (("job.v1.json", Job), ("report.v1.json", Report)):
        text = (GOLDEN / name).read_text()
        assert kept(json.loads(text), json.loads(model.model_validate_json(text).model_dump_json()))


def kept(before: Any, now: Any) -> bool:
    """Everything that was written is still there; fields may have joined it."""
    if isinstance(before, dict) and isinstance(now, dict):
        return all(name in now and kept(value, now[name]) for name, value in before.items())
    return bool(before == now)


def test_the_digest_of_a_job_is_the_same_in_every_process_and_release() -> None:
    job = Job.model_validate_json((GOLDEN / "job.v1.json").read_text())
    assert job.digest == (GOLDEN / "job.v1.sha256").read_text().strip()


if __name__ == "__main__":
    for one in MODELS:
        golden_file(one).write_text(json.dumps(schema(one), indent=1, sort_keys=True) + "\n")
