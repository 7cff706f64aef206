/** The sample commitments as the page shows them: accessibility/commitments.toml, kept in step by a test. */
export const COMMITMENTS: readonly { id: string; text: string; measure: string }[] = [
  { id: 'app', text: 'Carrel and its pages work for everyone', measure: 'WCAG 2.2 AA on every view in every state; the statement is reviewed each year' },
  { id: 'formats', text: 'You get a copy in a format you can use', measure: 'answered within 2 working days' },
  { id: 'fetching', text: 'We fetch items from the shelves for you', measure: 'ready within 5 staffed hours' },
  { id: 'longer_loans', text: 'You may keep books longer where you need it', measure: 'recorded once, applied by itself to every loan' },
  { id: 'proxy', text: 'Someone you name may borrow for you', measure: 'named at any desk or online, ended by you at any time' },
  { id: 'contact', text: 'You have a named person and private appointments', measure: 'an appointment within 5 working days' },
  { id: 'channels', text: 'You can reach us in several ways, none by telephone alone', measure: 'every service lists a way without a telephone' },
  { id: 'equipment', text: 'Assistive software and equipment are listed truly', measure: 'the list of each site is checked every term' },
  { id: 'space', text: 'Accessible study space can be found and booked', measure: 'step-free, hearing loop, desk, light, quiet and steps are facts to search by' },
  { id: 'lists', text: 'Reading lists say which formats can be had', measure: 'format flags on every item of a list' },
  { id: 'staff', text: 'Our staff are trained', measure: 'each member of staff, every year' },
  { id: 'testing', text: 'Disabled readers test with us and advise us', measure: 'results are published' },
];
