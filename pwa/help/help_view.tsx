/** Every way to reach the library. */
import { account } from '../app/account.ts';
import { library } from '../app/library.ts';
import { Empty } from '../components/parts.tsx';
import { help as words } from '../words/help.ts';

export default function HelpView() {
  const info = library.info.value?.value;
  if (!info) {
    return (
      <>
        <h1 tabIndex={-1}>{words.title}</h1>
        <Empty {...words.unknown} />
      </>
    );
  }
  return (
    <>
      <div class="lead">
        <h1 tabIndex={-1}>{words.title}</h1>
        <p>{words.lead}</p>
      </div>
      {info.demo && <p class="sample">{words.demo}</p>}
      <section class="stack">
        <h2>{words.ways}</h2>
        <dl class="sheet pairs">
          {info.contacts.map((each) => (
            <div class="pair" key={each.kind + each.value}>
              <dt>{words.kinds[each.kind]}</dt>
              <dd>
                {each.label}: <strong>{each.value}</strong>
              </dd>
            </div>
          ))}
        </dl>
        <p>{words.relay}</p>
      </section>
      <section class="stack">
        <h2>{words.points}</h2>
        <ul class="pile duo">
          {info.sites.map((site) => (
            <li class="sheet stack" key={site.id}>
              <h3>{site.name}</h3>
              <dl class="pairs">
                {site.points
                  .filter((point) => point.contact)
                  .map((point) => (
                    <div class="pair" key={point.id}>
                      <dt>{point.name}</dt>
                      <dd>{point.contact}</dd>
                    </div>
                  ))}
              </dl>
            </li>
          ))}
        </ul>
      </section>
      <p class="acts">
        <a class="btn" href="/accessibility">
          {words.barrier}
        </a>
        {account.patron.value?.works_here && (
          <a class="btn" href="/sync-health">
            {words.staff}
          </a>
        )}
      </p>
    </>
  );
}
