/** Writes MARC 21 records in ISO 2709, so that a journey can bring its own. */

export interface Field {
  tag: string;
  /** Control fields have `value`; others two indicators and subfields. */
  value?: string;
  indicators?: string;
  subfields?: [string, string][];
}

const END_OF_FIELD = 0x1e;
const END_OF_RECORD = 0x1d;
const SUBFIELD = '\u001f';

/** One record, UTF-8. */
export function iso2709(fields: Field[]): Buffer {
  const bodies = fields.map((field) => {
    const text = field.value ?? `${field.indicators ?? '  '}${(field.subfields ?? []).map(([code, value]) => `${SUBFIELD}${code}${value}`).join('')}`;
    return Buffer.concat([Buffer.from(text, 'utf8'), Buffer.from([END_OF_FIELD])]);
  });
  let at = 0;
  const directory = fields
    .map((field, place) => {
      const length = bodies[place]?.length ?? 0;
      const entry = `${field.tag}${String(length).padStart(4, '0')}${String(at).padStart(5, '0')}`;
      at += length;
      return entry;
    })
    .join('');
  const base = 24 + directory.length + 1;
  const total = base + at + 1;
  const leader = `${String(total).padStart(5, '0')}nam a22${String(base).padStart(5, '0')} a 4500`;
  return Buffer.concat([Buffer.from(leader + directory), Buffer.from([END_OF_FIELD]), ...bodies, Buffer.from([END_OF_RECORD])]);
}

/** A book with its title and author in Latin letters and in its own script (field 880). */
export function book(id: string, title: [string, string], author: [string, string], year: number, language: string): Buffer {
  const fixed = `260101s${year}    ru            000 0 ${language} d`.padEnd(40, ' ');
  return iso2709([
    { tag: '001', value: id },
    { tag: '003', value: 'Carrel' },
    { tag: '008', value: fixed },
    { tag: '020', subfields: [['a', '9780000000002']] },
    { tag: '100', indicators: '1 ', subfields: [['6', '880-01'], ['a', author[0]]] },
    { tag: '245', indicators: '10', subfields: [['6', '880-02'], ['a', title[0]]] },
    { tag: '264', indicators: ' 1', subfields: [['b', 'Example Press'], ['c', String(year)]] },
    { tag: '880', indicators: '1 ', subfields: [['6', '100-01/(N'], ['a', author[1]]] },
    { tag: '880', indicators: '10', subfields: [['6', '245-02/(N'], ['a', title[1]]] },
  ]);
}
