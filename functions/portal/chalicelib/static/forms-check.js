/* Answers are held against their form's schema as they are typed: the same schema as on the server, and the same said of it
   (layers/yinji/yinji/forms), so that nobody learns only after sending. The server asks again. Keywords are the library's
   affair, json-schema.js; formats are here. Of phone numbers only the shape is seen; the server knows which are given out. */
import { format as formats, validate } from "./json-schema.js";

/* As yinji.platform.text.MAIL. */
const MAIL = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$/;
/* What an IBAN is made of behind its check digits, by country: n digits, a letters, c either (ISO 13616). */
const IBANS = new Map(`
AD4n4n12c AE3n16n AL8n16c AT5n11n AZ4a20c BA3n3n8n2n BE3n7n2n BG4a4n2n8c BH4a14c BI5n5n11n2n BR8n5n10n1a1c BY4c4n16c
CH5n12c CR4n14n CY3n5n16c CZ4n16n DE8n10n DJ5n5n11n2n DK4n9n1n DO4c20n EE2n14n EG4n4n17n ES4n4n1n1n10n FI3n11n FK2a12n
FO4n9n1n FR5n5n11c2n GB4a6n8n GE2a16n GI4a15c GL4n9n1n GR3n4n16c GT4c20c HN4a20n HR7n10n HU3n4n1n15n1n IE4a6n8n
IL3n3n13n IQ4a3n12n IS4n2n6n10n IT1a5n5n12c JO4a4n18c KW4a22c KZ3n13c LB4n20c LC4a24c LI5n12c LT5n11n LU3n13c LV4a13c
LY3n3n15n MC5n5n11c2n MD2c18c ME3n13n2n MK3n10c2n MN4n12n MR5n5n11n2n MT4a5n18c MU4a2n2n12n3n3a NI4a20n NL4a10n
NO4n6n1n OM3n16c PK4a16c PL8n16n PS4a21c PT4n4n11n2n QA4a21c RO4a16c RS3n13n2n RU9n5n15c SA2n18c SC4a2n2n16n3a SD2n12n
SE3n16n1n SI5n8n2n SK4n6n10n SM1a5n5n12c SO4n3n12n ST4n4n11n2n SV4a20n TL3n14n2n TN2n3n13n2n TR5n1n16c UA6n19c VA3n15n
VG4a16n XK4n10n2n YE4a4n18c
`.trim().split(/\s/).map((one) => [one.slice(0, 2), new RegExp(`^${one.slice(2).replace(/(\d+)([nac])/g, (_, times, kind) =>
  `${{ n: "[0-9]", a: "[A-Z]", c: "[A-Z0-9]" }[kind]}{${times}}`)}$`)]));
/* ISO 3166-1 alpha-2. */
const COUNTRIES = new Set(`
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC
CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD
GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH
KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW
MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC
SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY
UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
`.trim().split(/\s/));
const IDENTITY = /^(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[1-9])[0-9]{4}((?:18|19|20)[0-9]{6})[0-9]{3}[0-9X]$/;
const LIKE_IBAN = /^[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}$/;
const ZONE =
  /^P[A-Z<][A-Z<]{3}[A-Z<]{39}\n[A-Z0-9<]{9}[0-9][A-Z<]{3}[0-9<]{6}[0-9][MFX<][0-9<]{6}[0-9][A-Z0-9<]{14}[0-9<][0-9]$/;

function day(text) {
  const found = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text);
  if (!found) return false;
  const [year, month, date] = found.slice(1).map(Number), leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const last = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return year >= 1 && date >= 1 && date <= last;
}
function identityCard(text) {
  const found = IDENTITY.exec(text);
  if (!found || !day(found[1].replace(/(....)(..)(..)/, "$1-$2-$3"))) return false;
  let check = 0;
  for (const sign of text.slice(0, 17)) check = ((check + Number(sign)) * 2) % 11;
  return "0123456789X"[(12 - check) % 11] === text[17];
}
function addsUp(account) {
  let rest = 0;
  for (const sign of account.slice(4) + account.slice(0, 4)) {
    const value = parseInt(sign, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
function passportZone(text) {
  if (!ZONE.test(text)) return false;
  const line = text.slice(45), personal = line.slice(28, 42);
  const digit = (part) => String(Array.from(part).reduce((sum, sign, place) =>
    sum + (sign === "<" ? 0 : parseInt(sign, 36)) * [7, 3, 1][place % 3], 0) % 10);
  return [
    [line.slice(0, 9), line[9]],
    [line.slice(13, 19), line[19]],
    [line.slice(21, 27), line[27]],
    [personal, line[42] === "<" && /^<*$/.test(personal) ? "0" : line[42]],
    [line.slice(0, 10) + line.slice(13, 20) + line.slice(21, 43), line[43]],
  ].every(([part, told]) => digit(part) === told);
}

Object.assign(formats, {
  date: day,
  month: (text) => /^[0-9]{4}-(?:0[1-9]|1[0-2])$/.test(text),
  slot: (text) => /^.{10}T(?:[01][0-9]|2[0-3]):[0-5][0-9]$/.test(text) && day(text.slice(0, 10)),
  email: (text) => text.length <= 254 && MAIL.test(text),
  phone: (text) => /^\+?[0-9]{5,20}$/.test(text),
  country: (text) => COUNTRIES.has(text),
  "cn-identity-card": identityCard,
  "cn-bank-card": (text) => /^[0-9]{12,22}$/.test(text),
  "cn-postcode": (text) => /^[0-9]{6}$/.test(text),
  iban: (text) => LIKE_IBAN.test(text) && addsUp(text) && IBANS.has(text.slice(0, 2)) &&
    IBANS.get(text.slice(0, 2)).test(text.slice(4)),
  "bank-account": (text) => /^[A-Z0-9]{4,34}$/.test(text) && (!LIKE_IBAN.test(text) || addsUp(text)),
  swift: (text) => /^[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?$/.test(text),
  "passport-number": (text) => /^[A-Z0-9]{5,12}$/.test(text),
  "passport-zone": passportZone,
});

const CLOSE = ["phone", "cn-identity-card", "cn-bank-card", "cn-postcode", "iban", "bank-account", "swift", "passport-number"];
const LARGE = [...CLOSE, "country", "passport-zone"];

/** `text` as somebody types it, made as it is kept: as `tidy` of yinji.forms.formats. */
export function tidy(format, text) {
  text = text.normalize("NFKC").replace(/^[ \t\r\n\f\v]+|[ \t\r\n\f\v]+$/g, "");
  if (CLOSE.includes(format)) text = text.replace(/[ \t\r\n\f\v./\u2010-\u2015-]+/g, "");
  if (format === "phone") text = text.replace(/[()]/g, "");
  if (LARGE.includes(format) && /^[\0-\x7f]*$/.test(text)) text = text.toUpperCase();
  if (format !== "passport-zone") return text;
  const signs = text.replace(/[ \t\r\n]+/g, "");
  return signs.length === 88 ? `${signs.slice(0, 44)}\n${signs.slice(44)}` : text;
}

const MANY = ["allOf", "anyOf", "oneOf"];
const ONE = ["not", "if", "then", "else", "items", "additionalProperties", "contains"];
const NAMED = ["properties", "dependentSchemas"];
const named = (object, change) => Object.fromEntries(Object.entries(object).map(([name, one]) => [name, change(one)]));

/* The library says of a schema `false` neither where it stands nor under which keyword, so it is written otherwise. It also
   marks the schemas it is given; these are copies, without what asks for nothing. */
const NOTHING = "x-nothing";
function ready(schema) {
  if (schema === true) return true;
  if (schema === false) return { not: {}, [NOTHING]: true };
  const made = [];
  for (const [keyword, value] of Object.entries(schema)) {
    if (MANY.includes(keyword)) made.push([keyword, value.map(ready)]);
    else if (ONE.includes(keyword)) made.push([keyword, ready(value)]);
    else if (NAMED.includes(keyword)) made.push([keyword, named(value, ready)]);
    else if (!/^x-|^(\$schema|\$comment|title|description|default|examples)$/.test(keyword)) made.push([keyword, value]);
  }
  return Object.fromEntries(made);
}
const parts = (location) => location.split("/").slice(1).map((part) =>
  decodeURIComponent(part).replace(/~1/g, "/").replace(/~0/g, "~"));
const at = (value, path) => path.reduce((found, part) => found[part], value);
const escaped = (name) => name.replace(/~/g, "~0").replace(/\//g, "~1");
const pointer = (path) => path.map((part) => `/${escaped(part)}`).join("");
const own = (object, name) => Object.prototype.hasOwnProperty.call(object, name);

/* What only says that something below it is wrong. */
const AROUND = ["properties", "additionalProperties", "items", "allOf", "if", "dependentSchemas"];
const OF_CONTAINS = ["contains", "minContains", "maxContains"];

/** Everything that is wrong with `value`, by place: [{at, keyword}], as yinji.forms.schema.Validator.wrong has it. */
export function wrong(schema, value) {
  const made = ready(schema);
  const { errors } = validate(value, made, "2020-12", undefined, false);
  const parent = (location) => location.slice(0, location.lastIndexOf("/"));
  const within = errors.flatMap(({ keyword, keywordLocation }) =>
    keyword === "anyOf" || keyword === "oneOf" ? [`${keywordLocation}/`]
    : OF_CONTAINS.includes(keyword) ? [`${parent(keywordLocation)}/contains/`] : []);
  const found = new Map();
  const tell = (path, keyword) => found.set(JSON.stringify([pointer(path), keyword]), { at: pointer(path), keyword });
  for (const { keyword, keywordLocation, instanceLocation } of errors) {
    if (AROUND.includes(keyword) || within.some((one) => keywordLocation.startsWith(one))) continue;
    const path = parts(instanceLocation), place = parent(keywordLocation), asking = at(made, parts(place));
    if (keyword === "required" || keyword === "dependentRequired") {
      const there = at(value, path);
      const asked = keyword === "required" ? asking.required
        : Object.entries(asking.dependentRequired).flatMap(([name, others]) => (own(there, name) ? others : []));
      for (const name of asked) if (!own(there, name)) tell([...path, name], "required");
    } else if (keyword === "not" && asking[NOTHING]) {
      tell(path, additional(parts(place)) ? "additionalProperties" : "false");
    } else tell(path, OF_CONTAINS.includes(keyword) ? "contains" : keyword);
  }
  return Array.from(found.values()).sort((one, other) =>
    one.at < other.at ? -1 : one.at > other.at ? 1 : one.keyword < other.keyword ? -1 : 1);
}

/* Whether `path` ends at what is asked of properties that have no name, rather than of one called so. */
function additional(path) {
  for (let place = 0; place < path.length; place++) {
    if (NAMED.includes(path[place]) || MANY.includes(path[place])) place++;
    else if (place === path.length - 1) return path[place] === "additionalProperties";
  }
  return false;
}
