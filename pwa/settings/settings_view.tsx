/** How the page looks to this reader, on this device. */
import { useEffect } from 'preact/hooks';
import { account } from '../app/account.ts';
import { NAMES, preference, PREFERENCES, prefer } from '../app/preferences.ts';
import { install } from '../app/updates.ts';
import { DownloadSettings } from '../catalogue/download.tsx';
import { catalogue } from '../catalogue/search_client.ts';
import { settings as words } from '../words/settings.ts';

export default function SettingsView() {
  const patron = account.patron.value;
  useEffect(() => void catalogue.open(false), []);
  return (
    <>
      <div class="lead">
        <h1 tabIndex={-1}>{words.title}</h1>
        <p>{words.lead}</p>
      </div>
      <form class="stack-l narrow">
        {NAMES.map((name) => (
          <fieldset key={name}>
            <legend>{words.names[name]}</legend>
            <div class="choices row">
              {PREFERENCES[name].map((value) => (
                <label class="choice" key={value}>
                  <input type="radio" name={name} value={value} checked={preference(name).value === value} onChange={() => prefer(name, value)} />
                  <span>{words.choices[name][value]}</span>
                </label>
              ))}
            </div>
          </fieldset>
        ))}
      </form>
      <DownloadSettings />
      {install.possible && (
        <section class="stack">
          <h2>{words.install}</h2>
          <p class="acts">
            <button type="button" class="btn" onClick={() => void install.ask()}>
              {words.installGo}
            </button>
          </p>
        </section>
      )}
      {patron && (
        <section class="stack">
          <h2>{words.account}</h2>
          <p>{words.signedInAs(patron.name)}</p>
          <p class="acts">
            <a class="btn" href="/sign-out">
              {words.signOut}
            </a>
          </p>
        </section>
      )}
    </>
  );
}
