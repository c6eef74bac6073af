/** Text that is HTML already. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Insertion = string | number | Markup | readonly Markup[];

/** Builds HTML: what is inserted is escaped unless it is {@link Markup} itself. */
export function html(strings: TemplateStringsArray, ...values: readonly Insertion[]): Markup {
  const parts = strings.flatMap((text, index) => {
    const value = values[index];
    return value === undefined ? [text] : [text, insert(value)];
  });
  return new Markup(parts.join(""));
}

function insert(value: Insertion): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map((part) => part.text).join("\n");
  return escapeHtml(String(value));
}

/** Text with the characters that mean something in HTML replaced. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
