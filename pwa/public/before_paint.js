// Puts the reader's preferences on the page before it is first drawn; pwa/app/preferences.ts keeps them.
(function () {
  var root = document.documentElement;
  var kept;
  try {
    kept = JSON.parse(localStorage.getItem('carrel.preferences')) || {};
  } catch (_) {
    kept = {};
  }
  // Without a choice the theme is the device's.
  if (!kept.theme || kept.theme === 'auto') root.removeAttribute('data-theme');
  for (var name in kept) {
    if (/^[a-z]+$/.test(name) && typeof kept[name] === 'string' && kept[name] !== 'auto') root.setAttribute('data-' + name, kept[name]);
  }
})();
