"""The job records: what is known of every batch, job, program and host, and who may work on what.

The only code that touches Windtunnel's Redis keys. Every change of a record's state is one Lua call (`scripts/`), so
that two workers, a redelivered message or a crash between two commands can never leave half a change. May import
contract, keyspace, address, analysis, wake, settings and errors.
"""

from windtunnel.records.records import Records, records_of

__all__ = ["Records", "records_of"]
