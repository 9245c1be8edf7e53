// Before anything is painted: the colours that were chosen the last time, and no first screen where another view is asked for.
const root = document.documentElement;
try {
  const theme = localStorage.getItem("mindseye-theme");
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;
} catch { /* a page from disk may keep nothing */ }
root.classList.toggle("elsewhere", /^#\/\w/.test(location.hash) || (root.dataset.answer !== undefined && !/^#\/facets\b/.test(location.hash)));
