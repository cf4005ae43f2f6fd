const g = this; g.x
