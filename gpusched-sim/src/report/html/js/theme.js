// Light or dark: what the system says, until the button says otherwise.

const dark = window.matchMedia('(prefers-color-scheme: dark)');

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : dark.matches;
}

function chooseTheme(name) {
  document.documentElement.dataset.theme = name;
  try {
    localStorage.setItem('gpusched-theme', name);
  } catch (refused) {
    // A browser may keep nothing for pages from files: then the choice lasts as long as the page.
  }
}

function rememberTheme() {
  try {
    const name = localStorage.getItem('gpusched-theme');
    if (name === 'light' || name === 'dark') document.documentElement.dataset.theme = name;
  } catch (refused) {
    // As above.
  }
}

// The colours of the style sheet as they are now.
function colours() {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(name).trim();
  const series = [];
  for (let at = 0; at < 8; at += 1) series.push(value(`--c${at}`));
  return {
    text: value('--text'),
    muted: value('--muted'),
    line: value('--line'),
    panel: value('--panel'),
    page: value('--page'),
    series,
  };
}

// Beyond eight, colours come again with dashes.
function dashOf(at) {
  return at < 8 ? undefined : [6, 4];
}
