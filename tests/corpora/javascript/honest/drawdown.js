let peak = -Infinity, dd = 0; for (const v of [1, 3, 2]) { peak = Math.max(peak, v); dd = Math.min(dd, v / peak - 1); } console.log(dd);
