import {darker, lighter, type Hsl} from '../colours.ts';
import type {Mulberry32} from '../mulberry32.ts';
import {filled, outlined, type Pen} from '../pen.ts';
import {BLACK, eye, sides, starCorners, WHITE, type Body, type Figure} from './figure.ts';

/** What a robot is built of, each part with its weight. */
const parts = {
	legs: {legs: 4, wheels: 2, tread: 2},
	body: {square: 4, round: 2, wide: 2, trapezoid: 2},
	head: {square: 4, round: 2, dome: 2, wide: 1},
	eyes: {dots: 4, squares: 2, visor: 2, one: 1.5},
	antenna: {none: 2, ball: 4, two: 2, spike: 1},
	chest: {none: 3, screen: 2, dot: 2, bars: 2, star: 1, heart: 1},
	arms: {down: 3, out: 2, up: 1},
} as const;

type Part<K extends keyof typeof parts> = keyof (typeof parts)[K];

export const robot: Figure<Body> = (pen, random, {main, second, third}) => {
	const legs = random.weighted(parts.legs);
	const body = random.weighted(parts.body);
	const head = random.weighted(parts.head);
	const eyes = random.weighted(parts.eyes);
	const antenna = random.weighted(parts.antenna);
	const chest = random.weighted(parts.chest);
	const arms = random.weighted(parts.arms);
	const limbs = random.chance(0.5) ? second : darker(main, 10);
	drawLegs(pen, legs, limbs);
	const hand = drawArms(pen, {arms, shoulder: body === 'wide' ? 28 : 24, limbs, hands: second});
	drawBody(pen, body, main);
	drawChest(pen, chest, third);
	drawAntenna(pen, antenna, {rod: darker(second), tip: third});
	const top = drawHead(pen, head, second);
	drawFace(pen, random, eyes, third);
	return {head: {x: 0, ...top}, hand};
};

function drawLegs(pen: Pen, legs: Part<'legs'>, colour: Hsl): void {
	if (legs === 'legs') {
		for (const x of [-19, 6]) pen.rect(x, -20, 13, 20, 3, outlined(colour));
	} else if (legs === 'wheels') {
		for (const side of sides) pen.circle(side * 15, -10, 10, outlined(colour));
		for (const side of sides) pen.circle(side * 15, -10, 3.5, filled(lighter(colour)));
	} else {
		pen.rect(-26, -18, 52, 18, 9, outlined(colour));
		for (const x of [-15, 0, 15]) pen.circle(x, -9, 4, filled(lighter(colour)));
	}
}

/** Returns where a hand is. */
function drawArms(pen: Pen, {arms, shoulder, limbs, hands}: {arms: Part<'arms'>; shoulder: number; limbs: Hsl; hands: Hsl}): Body['hand'] {
	const y = {down: -22, out: -46, up: -74}[arms];
	const reach = arms === 'out' ? 15 : 9;
	for (const side of sides) {
		pen.line([side * shoulder, -50], [side * (shoulder + reach), y], limbs, 7);
		pen.circle(side * (shoulder + reach + 1), y, 5.5, outlined(hands, 1.6));
	}
	return {x: shoulder + 10, y};
}

function drawBody(pen: Pen, body: Part<'body'>, colour: Hsl): void {
	if (body === 'square') pen.rect(-24, -60, 48, 42, 5, outlined(colour));
	else if (body === 'wide') pen.rect(-29, -57, 58, 39, 12, outlined(colour));
	else if (body === 'round') pen.ellipse(0, -39, 27, 23, outlined(colour));
	else pen.polygon([[-18, -60], [18, -60], [29, -18], [-29, -18]], outlined(colour));
}

function drawChest(pen: Pen, chest: Part<'chest'>, colour: Hsl): void {
	if (chest === 'screen') pen.rect(-13, -52, 26, 18, 2, outlined(lighter(colour, 6), 1.8, darker(colour)));
	else if (chest === 'dot') pen.circle(0, -41, 8.5, outlined(colour, 1.6));
	else if (chest === 'star') pen.polygon(starCorners({x: 0, y: -41, radius: 11.5}), outlined(colour, 1.2));
	else if (chest === 'heart') pen.path('M0 -31C-17 -42 -11 -54 0 -47C11 -54 17 -42 0 -31Z', outlined(colour, 1.2));
	else if (chest === 'bars') {
		for (const y of [-52, -43, -34]) pen.rect(-13, y, 26, 5, 1, filled(colour));
	}
}

function drawAntenna(pen: Pen, antenna: Part<'antenna'>, {rod, tip}: {rod: Hsl; tip: Hsl}): void {
	if (antenna === 'ball') {
		pen.line([0, -94], [0, -104], rod, 3);
		pen.circle(0, -107, 5, outlined(tip, 1.4));
	} else if (antenna === 'two') {
		for (const side of sides) {
			pen.line([side * 10, -92], [side * 16, -105], rod, 3);
			pen.circle(side * 16, -107, 4, outlined(tip, 1.2));
		}
	} else if (antenna === 'spike') {
		pen.polygon([[-6, -92], [6, -92], [0, -112]], outlined(tip, 1.6));
	}
}

/** Returns the height of its top, and half of its width there. */
function drawHead(pen: Pen, head: Part<'head'>, colour: Hsl): {y: number; halfWidth: number} {
	if (head === 'square') {
		pen.rect(-21, -94, 42, 31, 4, outlined(colour));
		return {y: -94, halfWidth: 21};
	}
	if (head === 'round') {
		pen.circle(0, -79, 18, outlined(colour));
		return {y: -96, halfWidth: 15};
	}
	if (head === 'dome') {
		pen.path('M-21 -63V-76A21 19 0 0 1 21 -76V-63Z', outlined(colour));
		return {y: -94, halfWidth: 16};
	}
	pen.rect(-30, -91, 60, 27, 10, outlined(colour));
	return {y: -91, halfWidth: 22};
}

function drawFace(pen: Pen, random: Mulberry32, eyes: Part<'eyes'>, colour: Hsl): void {
	const pupil = random.chance(0.4) ? colour : BLACK;
	if (eyes === 'dots') {
		for (const side of sides) eye(pen, side * 9, -79, 6);
	} else if (eyes === 'squares') {
		for (const x of [-15, 4]) pen.rect(x, -85, 11, 11, 1, outlined(WHITE, 1.4, BLACK));
		for (const x of [-12, 7]) pen.rect(x, -81, 5, 5, 0, filled(BLACK));
	} else if (eyes === 'visor') {
		pen.rect(-17, -86, 34, 12, 5, filled(BLACK));
		pen.rect(-11, -82.5, 22, 5, 2, filled(colour));
	} else {
		eye(pen, 0, -79, 11.5, pupil);
	}
	const hasMouth = random.chance(0.4);
	if (hasMouth && eyes !== 'one') pen.rect(-8, -70, 16, 3, 1, filled(BLACK));
}
