// A link to the page over many runs, where one came from there; to no other kind of address.
const from = new URLSearchParams(location.search).get("index");
try {
  const goal = from && new URL(from, location.href);
  if (goal && goal.protocol === location.protocol && goal.host === location.host && goal.pathname.endsWith(".html"))
    byId("tabs").prepend(el("a", { href: goal.href, id: "to-index" }, "← All runs"));
} catch { /* what was typed is no address */ }
