let best = { s: -Infinity }; for (const fast of [5, 10]) for (const slow of [20, 50]) { const s = slow - fast; if (s > best.s) best = { s, fast, slow }; } console.log(best);
