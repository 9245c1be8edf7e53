// The glossary: every name of the page and what it means.
function wordsView() {
  const list = (entries) => el("dl", { class: "glossary" }, entries.map(([name, words, mark]) => el("div", {}, el("dt", {}, name, mark ? el("small", {}, ` ${mark}`) : null), el("dd", {}, words))));
  const judge = (text) => text.replace("{judge}", "the judge");
  return [
    el("h2", {}, "Words"),
    el("p", { class: "words" }, "One name for one thing, here, in the figures, in run.json and in the docs."),
    list(Object.values(content.terms).sort(([a], [b]) => a.localeCompare(b))),
    el("h2", {}, "Numbers of a picture"),
    numbersKey(),
    ...content.legend.flatMap((family) => [el("h3", {}, judge(family.heading)), el("p", { class: "words" }, family.words),
      list(family.measures.map(({ title, words, mark }) => [title, words, mark]))]),
    ...(content.columns.length ? [el("h2", {}, "Numbers of a channel"), list(content.columns)] : []),
  ];
}
