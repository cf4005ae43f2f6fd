const a = [1, 2, 3]; let t = 0; for (let i = 0; i < a.length; i++) t += a[i]; const o = { k: 1 }; for (const k in o) t += o[k]; console.log(t);
