// Dates and times of the demo. Everything is shown in China's time (UTC+8), wherever the browser stands.

const ZONE = 8 * 3600 * 1000;
const WEEKDAYS = ["周日", "周一", "周二", "周三", "周四", "周五", "周六"];
const two = (number) => String(number).padStart(2, "0");

/** The parts of a moment as a clock in Lishui shows them. */
export function parts(iso) {
  const moment = new Date(Date.parse(iso) + ZONE);
  return {
    year: moment.getUTCFullYear(),
    month: moment.getUTCMonth() + 1,
    day: moment.getUTCDate(),
    weekday: WEEKDAYS[moment.getUTCDay()],
    hour: two(moment.getUTCHours()),
    minute: two(moment.getUTCMinutes()),
    second: two(moment.getUTCSeconds()),
  };
}

export const dayKey = (iso) => localInput(iso).slice(0, 10);

export function clockTime(iso) {
  const { hour, minute } = parts(iso);
  return `${hour}:${minute}`;
}

export function clockSeconds(iso) {
  const { hour, minute, second } = parts(iso);
  return `${hour}:${minute}:${second}`;
}

export function shortDay(iso) {
  const { month, day } = parts(iso);
  return `${month}月${day}日`;
}

export function longMoment(iso) {
  const { year, month, day, weekday, hour, minute } = parts(iso);
  return `${year}年${month}月${day}日 ${weekday} ${hour}:${minute}`;
}

export function separatorMoment(iso, withDay) {
  return withDay ? `${shortDay(iso)} ${parts(iso).weekday} ${clockTime(iso)}` : clockTime(iso);
}

/** What the chat list shows: today the time, yesterday the word, before that the day. */
export function listMoment(iso, now) {
  if (!iso) return "";
  if (dayKey(iso) === dayKey(now)) return clockTime(iso);
  if (dayKey(iso) === dayKey(later(now, -86400))) return "昨天";
  return shortDay(iso);
}

export function later(iso, seconds) {
  return new Date(Date.parse(iso) + seconds * 1000).toISOString();
}

/** The value of a datetime-local input. */
export function localInput(iso) {
  return new Date(Date.parse(iso) + ZONE).toISOString().slice(0, 16);
}

export const fromLocal = (value) => `${value.slice(0, 16)}:00+08:00`;

export const tomorrowAt = (now, time) => fromLocal(`${dayKey(later(now, 86400))}T${time}`);
