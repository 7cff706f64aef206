/** What the library promises, and how to report a barrier. */
import { accessibility as words } from '../words/help.ts';
import { COMMITMENTS } from '../words/commitments.ts';

export default function AccessibilityView() {
  return (
    <>
      <div class="lead">
        <h1 tabIndex={-1}>{words.title}</h1>
        <p>{words.lead}</p>
      </div>
      <section class="stack">
        <h2>{words.report}</h2>
        <p>{words.reportText}</p>
        <p class="acts">
          <a class="btn main" href="/help">
            {words.reportWay}
          </a>
        </p>
      </section>
      <section class="stack">
        <h2>{words.commitments}</h2>
        <p class="sample">{words.sample}</p>
        <ol class="sheet ruled">
          {COMMITMENTS.map((each) => (
            <li key={each.id}>
              <p>
                <strong>{each.text}</strong>
              </p>
              <p class="soft">
                {words.measured} {each.measure}
              </p>
            </li>
          ))}
        </ol>
      </section>
    </>
  );
}
