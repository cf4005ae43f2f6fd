try { throw new Error("bad");
} catch (e) { console.error(e.message, e.name);
} finally { console.log("done");
}
