"""What is lent in the demo: titles of its catalogue."""

from typing import NamedTuple


class Place(NamedTuple):
    """Copies of a title that stand together."""

    site: str
    shelfmark: str
    copies: int


class Title(NamedTuple):
    """A record of the demo catalogue, as a loan slip shows it, with where its copies stand."""

    record: str
    title: str
    author: str
    places: tuple[Place, ...]


_WRITTEN = """
To the Lighthouse|Virginia Woolf|PR 6045 .O72 T6
Beloved|Toni Morrison|PS 3563 .O8749 B4
One Hundred Years of Solitude|Gabriel García Márquez|PQ 8180.17 .A73 C5
Middlemarch|George Eliot|PR 4662 .A1
The Second Sex|Simone de Beauvoir|HQ 1208 .B352
The Wretched of the Earth|Frantz Fanon|DT 33 .F313
Things Fall Apart|Chinua Achebe|PR 9387.9 .A3 T5
Orlando|Virginia Woolf|PR 6045 .O72 O7
The Waves|Virginia Woolf|PR 6045 .O72 W3
Invisible Man|Ralph Ellison|PS 3555 .L625 I5
Mrs Dalloway|Virginia Woolf|PR 6045 .O72 M7
Silent Spring|Rachel Carson|QH 545 .P4 C38
The Origin of Species|Charles Darwin|QH 365 .O2
A Room of One's Own|Virginia Woolf|PN 471 .W6
Jane Eyre|Charlotte Brontë|PR 4167 .J3
Wide Sargasso Sea|Jean Rhys|PR 6035 .H96 W5
Nineteen Eighty-Four|George Orwell|PR 6029 .R8 N5
The Trial|Franz Kafka|PT 2621 .A26 P713
Pedagogy of the Oppressed|Paulo Freire|LB 880 .F73 P4313
Orientalism|Edward W. Said|DS 12 .S24
Imagined Communities|Benedict Anderson|JC 311 .A656
The Wealth of Nations|Adam Smith|HB 161 .S65
Capital|Karl Marx|HB 501 .M36
The Interpretation of Dreams|Sigmund Freud|BF 1078 .F72
Discipline and Punish|Michel Foucault|HV 8666 .F6813
Gender Trouble|Judith Butler|HQ 1154 .B88
Distinction|Pierre Bourdieu|HN 440 .S6 B68
The Structure of Scientific Revolutions|Thomas S. Kuhn|Q 175 .K95
A Theory of Justice|John Rawls|JC 578 .R38
The Human Condition|Hannah Arendt|CB 428 .A7
Being and Time|Martin Heidegger|B 3279 .H48 S43
Critique of Pure Reason|Immanuel Kant|B 2778 .E5
The Republic|Plato|JC 71 .P35
Meditations|Marcus Aurelius|B 580
Don Quixote|Miguel de Cervantes|PQ 6329 .A2
Crime and Punishment|Fyodor Dostoevsky|PG 3326 .P7
Anna Karenina|Leo Tolstoy|PG 3366 .A6
The Master and Margarita|Mikhail Bulgakov|PG 3476 .B78 M313
Madame Bovary|Gustave Flaubert|PQ 2246 .M2
The Stranger|Albert Camus|PQ 2605 .A3734 E813
The Odyssey|Homer|PA 4025 .A5
The Divine Comedy|Dante Alighieri|PQ 4315
Frankenstein|Mary Shelley|PR 5397 .F7
Dracula|Bram Stoker|PR 6037 .T617 D7
Great Expectations|Charles Dickens|PR 4560 .A1
Emma|Jane Austen|PR 4034 .E5
Their Eyes Were Watching God|Zora Neale Hurston|PS 3515 .U789 T5
The Souls of Black Folk|W. E. B. Du Bois|E 185.6 .D797
Borderlands|Gloria Anzaldúa|PS 3551 .N95 B6
Ways of Seeing|John Berger|N 7430.5 .B4
"""


def titles() -> list[Title]:
    """Every title that may be lent, in the catalogue's order."""
    written = [line.split("|") for line in _WRITTEN.strip().splitlines()]
    return [
        Title(
            f"demo-{number:04d}",
            title,
            author,
            tuple(
                Place(site, shelfmark, 2)
                for site, every in (("colchester", 1), ("southend", 3), ("loughton", 4))
                if number % every == 0
            ),
        )
        for number, (title, author, shelfmark) in enumerate(written, 1)
    ]
