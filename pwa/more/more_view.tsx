/** Every place of the app that has no place of its own in the bar. */
import { account } from '../app/account.ts';
import { Icon, type IconName } from '../components/icon.tsx';
import { more as words } from '../words/help.ts';

export default function MoreView() {
  const signedIn = account.status.value !== 'signed-out';
  const places: [string, IconName, readonly [string, string]][] = [
    ['/waiting', 'pencil', words.items.waiting],
    ['/hours', 'clock', words.items.hours],
    ['/help', 'help', words.items.help],
    ['/settings', 'tune', words.items.settings],
    ['/accessibility', 'access', words.items.accessibility],
    ...(account.patron.value?.works_here ? [['/sync-health', 'screen', words.items.syncHealth] as [string, IconName, readonly [string, string]]] : []),
    signedIn ? ['/sign-out', 'out', words.items.signOut] : ['/sign-in', 'person', words.items.signIn],
  ];
  return (
    <>
      <h1 tabIndex={-1}>{words.title}</h1>
      <ul class="sheet goto">
        {places.map(([href, icon, [name, about]]) => (
          <li key={href}>
            <a href={href}>
              <Icon name={icon} />
              <span>
                {name} <span class="soft">{about}</span>
              </span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
