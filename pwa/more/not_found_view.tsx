/** An address that leads nowhere. */
import { Empty } from '../components/parts.tsx';
import { notFound as words } from '../words/help.ts';

export default function NotFoundView() {
  return (
    <>
      <h1 tabIndex={-1}>{words.title}</h1>
      <Empty heading={words.heading} text={words.text} way={words.way} href="/" />
      <p>
        <a class="lone" href="/more">
          {words.everything}
        </a>
      </p>
    </>
  );
}
