process.binding("spawn_sync")
