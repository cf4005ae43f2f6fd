const n = "process"; require(`child_${n}`)
