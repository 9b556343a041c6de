/// A compact disc in millimetres (IEC 60908): the hole, the clamping area, the lead-in, the program
/// area from 25 mm to 58 mm. The spiral has a constant pitch and speed, so time is area.
export const HOLE = 7.5;
export const CLAMP = 16.5;
export const LEAD_IN = 23;
export const PROGRAM_START = 25;
export const PROGRAM_END = 58;
export const EDGE = 60;

/** The radius at which the laser is after this part (0 to 1) of the disc's capacity. */
export const radiusAt = (part: number): number => {
  const inner = PROGRAM_START ** 2;
  return Math.sqrt(inner + Math.min(1, Math.max(0, part)) * (PROGRAM_END ** 2 - inner));
};

/** A flat ring between two radii, as an SVG path around the origin. */
export const ring = (from: number, to: number): string => {
  const circle = (r: number, sweep: 0 | 1): string =>
    `M${-r} 0A${r} ${r} 0 1 ${sweep} ${r} 0A${r} ${r} 0 1 ${sweep} ${-r} 0Z`;
  return circle(to, 1) + circle(from, 0);
};
