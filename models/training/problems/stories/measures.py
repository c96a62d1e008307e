"""Stories about time, speed, ages, lengths, areas, weights and recipes."""

from __future__ import annotations

from .engine import stories

MEASURES = stories("""
= two_legs
d a 2-6; u 20-60/5; b 2-6; v 20-60/5; u != v; w =drives/travels/rides a motorbike
t {A} {w} for {a} hours at {u} miles per hour and then for {b} hours at {v} miles per hour. [How far does {A.he} go
  altogether?|How many miles does {A.he} travel?|What distance does {A.he} cover?]
t First {A} {w} for {a} hours at a speed of {u} km/h. Then {A.he} goes on for {b} hours at {v} km/h. How many
  kilometers is that [in all|altogether]?
s first part: x = a*u
s second part: y = b*v
s distance: t = x+y

= two_cars
d u 40-70/5; v 30-70/5; v < u; h 2-6; w =cars/trains/buses/riders
t Two {w} start from the same [place|town] in opposite directions. One goes {u} miles an hour, the other {v} miles an
  hour. How many miles apart are they after {h} hours?
t {A} and {B} leave the same [house|city] at the same time, {A} driving west at {u} miles per hour and {B} driving
  east at {v}. How far apart are they after {h} hours, in miles?
s per hour: r = u+v
s distance: d = r*h

= faster_by
d u 8-20; v 6-18; v < u; h 2-6; w =cycles/rides/sails
t {A} {w} at {u} miles an hour and {B} at {v} miles an hour. How many miles farther than {B} does {A} get in {h}
  hours?
t {A} goes {u} miles each hour, {B} only {v}. They start together on the same road. How many miles is {A} ahead after
  {h} hours?
s faster by: r = u-v
s distance: d = r*h

= distance_left adult
d t 100-400/10; u 30-60/10; h 2-5; z 2-6; c = u*h; c < t
t {A} has to [drive|travel] {t} miles. [?There are {z} people in the car.] {A.He} goes {u} miles an hour for {h}
  hours. How many miles are left?
t A [trip|drive] is {t} miles long. {A} drives for {h} hours at {u} miles an hour. How many miles does {A.he} still
  have to drive?
s driven: c = u*h
s left: l = t-c

= time_left adult
d u 20-60/10; h 2-9; m 20-60/10; d = u*h; t = d+m; x =trip/drive/journey
t A {x} is {t} miles long. After {m} miles, {A} [drives|goes on] at {u} miles an hour. How many more hours does {A.he}
  need?
t {A} has already driven {m} of {t} miles and now goes {u} miles each hour. How many hours are left?
s left: d = t-m
s hours: h = d/u

= fuel adult
d k 20-40/5; g 2-12; p 3-5; d = k*g
t {A}'s car goes {k} miles on one gallon of gas. A gallon costs ${p}. How much does the gas for a trip of {d} miles
  cost?
t {A} drives {d} miles in a car that goes {k} miles per gallon. Gas is ${p} a gallon. How much does {A} pay for gas?
s gallons: g = d/k
s cost: c = g*p

= commute
d d 2-15; n 4,5,6; w 2-4; z 2-9; x =bicycle/car/scooter
t {A} [goes|rides] {d} miles to [work|school] and the same way back on {n} days a week. How many miles is that in {w}
  weeks?
t {A}'s [school|office] is {d} miles from {A.his} home. {A.He} goes there and back {n} days a week. How many miles
  does {A.he} travel in {w} weeks?
s per day: a = d*2
s per week: b = a*n
s total: t = b*w

= laps
d l 200-400/100; n 3-12; z 2-9
t One lap around the [track|lake|park] is {l} meters. {A} runs {n} laps on Monday and {z} on Wednesday. How many
  meters does {A.he} run altogether?
s laps: a = n+z
s meters: t = a*l

= minutes_daily
d m 15-50/5; d 3-6; h 2-4; w 12-30/6
t {A} practices the [piano|violin|guitar|drums] for {m} minutes a day on {d} days a week. How many minutes is that in
  {h} weeks?
t On {d} days of each week {A} [reads|draws|exercises] for {m} minutes. How many minutes does that make in {h} weeks?
s per week: a = m*d
s total: t = a*h

= minutes_hours
d m 10-45/5; n 4-12; t = m*n; h = t/60; x =piano/chess/Spanish/tennis
t {A} takes {n} {x} lessons of {m} minutes each. How many hours is that [in total|altogether]?
t A {x} lesson lasts {m} minutes. How many hours do {n} lessons take?
s minutes: t = m*n
s hours: h = t/60

= hours_minus
d h 2-5; a 20-90/5; b 15-60/5; c = h*60; s = a+b; s < c
t {A} has {h} hours of free time. {A.He} [plays|reads|draws] for {a} minutes and [walks|cooks|cleans] for {b} minutes.
  How many minutes are left?
s minutes: c = h*60
s used: s = a+b
s left: l = c-s

= movie_time
d h 2,3; m 5-55/5; a 5-20/5; z 2-6; w =movie/concert/play/game
t A {w} lasts {h} hours and {m} minutes. [?{A} watches it with {z} friends.] There is also a break of {a} minutes. How
  many minutes does it take with the break?
t {A} goes to a {w} of {h} hours and {m} minutes with a break of {a} minutes on top. How many minutes is that
  together?
s hours in minutes: c = h*60
s {w}: b = c+m
s total: t = b+a

= sleep_week
d h 7-9; n 5; w 9,10; x = w-h
t {A} sleeps {h} hours on each of the 5 school nights and {w} hours on each of the 2 weekend nights. How many hours
  does {A.he} sleep in a week?
t On 5 days of the week {A} sleeps {h} hours, and on the other 2 days {w} hours. How many hours of sleep is that in
  the whole week?
s five nights: a = h*5
s two nights: b = w*2
s total: t = a+b

= queue_time
d n 4-12; m 3-9; e 5-20; z 2-9
t There are {n} people [before|ahead of] {A} [in the line|at the doctor's|at the barber's]. Each takes {m} minutes.
  {A} then takes {e} minutes. After how many minutes is {A} done?
t {A} is behind {n} people at a counter. Each of them needs {m} minutes, and {A} needs {e} minutes. How many minutes
  does it take until {A} is finished?
s waiting: a = n*m
s total: t = a+e

= work_rate
d p 2-8; d 2-9; q 2-9; t = p*d; e = t/q; p != q; w =build a wall/paint a house/dig a pond/pick the grapes
t {p} workers need {d} days to {w}. How many days would {q} workers need [if all work equally fast|at the same pace]?
t It takes {p} people {d} days to {w}. How many days does it take {q} people at the same speed?
s work days: t = p*d
s days: e = t/q

= two_workers
d a 3-12; b 3-12; h 2-8; z 2-9; a != b; x =cards/dumplings/boxes/envelopes/candles; w =hour/day
t {A} makes {a} {x} [an hour|in an hour] and {B} makes {b}. How many {x} do they make together in {h} hours?
t {A} can [fill|pack] {a} bags an hour and {B} {b} bags an hour. How many bags do they [fill|pack] together in {h}
  hours?
s per hour: r = a+b
s total: t = r*h

= rate_scale
d n 2-9; r 3-12; m 2-12; n != m; t = n*r; x =bottles/boxes/cans/bars of soap/jars; y =minutes/hours
t A machine makes {t} {x} in {n} {y}. How many does it make in {m} {y} [at the same speed|if it goes on like that]?
t In {n} {y}, {A} [can pack|packs] {t} {x}. At this rate, how many {x} does {A.he} pack in {m} {y}?
s rate: r = t/n
s total: e = r*m

= tank
d c 100-400/10; a 4-12; b 2-6; m 5-15; b < a; z 2-9
t [A tap|A pipe] fills {a} liters of water a minute into an empty tank, but {b} liters leak out each minute. How many
  liters are in the tank after {m} minutes?
t Water runs into an empty pool at {a} liters a minute and out of it at {b} liters a minute. How many liters are in it
  after {m} minutes?
s per minute: r = a-b
s liters: t = r*m

= tank_fill
d c 60-240/10; h 10-60/10; r 5-10; l = c-h; m = l/r
t A [tank|pool|barrel] holds {c} liters. There are already {h} liters in it. A [hose|tap] adds {r} liters a minute.
  How many minutes does it take to fill it?
t {A} fills a [barrel|tank] that can hold {c} liters. {h} liters are in it, and {r} liters flow in each minute. After
  how many minutes is it full?
s missing: l = c-h
s minutes: m = l/r

= plant_growth
d h 5-30; g 2-6; w 3-12; z 2-9; x =sunflower/bean plant/tomato plant/young tree
t A {x} is {h} cm tall. It grows {g} cm a week. [?It gets {z} cups of water a week.] How tall is it after {w} weeks,
  in cm?
t {A}'s {x} is {h} cm tall and gets {g} cm taller each week. How many cm tall will it be in {w} weeks?
s growth: a = g*w
s height: t = h+a

= ages_times plain
d a 4-12; k 2-5; y 2-12; b = a*k; b < 70
t {A} is {a} years old. {B} is {k.times} as old [as {A}|]. How old will {B} be in {y} years?
t {B} is {k.times} as old as {A}, who is {a}. How old will {B} be {y} years from now?
s {B} now: b = a*k
s {B} later: c = b+y

= ages_chain plain
d a 5-20; d 2-9; k 2,3; m 2-9; z 2-5
t {A} is {a} years old. {B} is {d} years older than {A}. {C} is {k.times} as old as {B}. [How old is {C}?|What is
  {C}'s age?]
t {C} is {k.times} as old as {B}, and {B} is {d} years older than {A}. [?{A} has {z} sisters.] If {A} is {a}, how old
  is {C}?
s {B}'s age: b = a+d
s {C}'s age: c = b*k

= ages_sum plain
d a 8-14; k 3,4; m 2-4; y =father/mother/aunt/uncle
t {A}'s {y} is {m} years older than {k.times} {A.his} age. {A} is {a}. What is the sum of their two ages?
t {A} is {a} years old. {A.His} {y} is {m} years more than {k.times} as old. How old are the two together?
s times as old: b = a*k
s {y}'s age: c = b+m
s together: t = a+c

= ages_past plain
d a 12-40; y 2-9; k 2,3; p = a-y; c = p/k
t {A} is {a} years old. {y} years ago {A.he} was {k.times} as old as {B} was then. How old was {B} [then|{y} years
  ago]?
t {y} years ago, {A} was {k.times} as old as {B} was at that time. {A} is {a} now. How old was {B} {y} years ago?
s {A} then: p = a-y
s {B} then: c = p/k

= ages_younger plain
d a 30-60; d 20-28; y 2-9; c = a-d; z 2-4
t {A}'s mother is {a} years old. {A} is {d} years younger. How old was {A} {y} years ago?
s {A} now: c = a-d
s {A} then: t = c-y

= fence adult
d l 6-30; w 4-20; w < l; p 2-9; x =garden/field/yard/playground
t A {x} is {l} meters long and {w} meters wide. How many meters of fence go [all the way|once] around it?
t {A} walks once around a {x} that is {l} meters long and {w} meters wide. How many meters does {A.he} walk?
s two sides: s = l+w
s around: t = s*2

= fence_cost adult
d l 6-20; w 4-15; w < l; p 2-9; x =garden/field/yard/chicken run
t {A} puts a fence around a {x} {l} meters long and {w} meters wide. One meter of fence costs ${p}. What does the
  fence cost?
t A {x} is {l} meters by {w} meters. A fence all around it costs ${p} a meter. How much does {A} pay for the fence?
s two sides: s = l+w
s around: a = s*2
s cost: c = a*p

= area_cost adult
d l 3-12; w 3-9; w < l; p 2-9; x =floor/terrace/wall/lawn; z 2-4
t A {x} is {l} meters long and {w} meters [wide|across]. [?It is used by {z} people.] The material for one square
  meter costs ${p}. How much does it cost to cover the {x}?
t {A} wants to cover a {x} of {l} by {w} meters. The material is ${p} for each square meter. What does it cost
  {A.him}?
s area: a = l*w
s cost: c = a*p

= area_left
d l 6-15; w 4-12; w < l; a 2-6; b 2-4; s = l*w; q = a*b; q < s; x =garden/yard
t A {x} is {l} meters by {w} meters. [In it is|In the middle there is] a pond of {a} by {b} meters. How many square
  meters of the {x} are not covered by the pond?
s whole area: s = l*w
s pond: q = a*b
s rest: r = s-q

= square_side
d s 3-20; p = s*4
t A square [table|garden|rug|room] has a perimeter of {p} feet. What is its area in square feet?
s side: s = p/4
s area: a = s*s

= rope
d n 3-9; c 4-15; l 3-20; t = n*c; r = t+l
t A [rope|ribbon|cable] is {r} feet long. {A} cuts off {n} pieces of {c} feet each. How many feet are left?
t {A} had {r} feet of [string|wire] and cut {n} pieces from it, each {c} feet long. What length was left, in feet?
s cut off: t = n*c
s left: l = r-t

= plank
d n 3-9; c 4-12; l 3-20; t = n*c; r = t+l; x =board/ribbon/string
t {A} has a {x} {r} inches long. {A.He} [needs|uses] {l} inches and cuts the rest into {n} equal pieces. How many
  inches long is each piece?
s rest: t = r-l
s each: c = t/n

= recipe_scale adult
d p 2-6; c 2-6; k 2-5; n = p*k; p != n; x =tomatoes/potatoes/carrots/onions; y =soup/stew/curry; z 10-40/5
t A recipe for {y} for {p} people needs {c} {x}. [?It takes {z} minutes.] How many {x} does {A} need for {n} people?
t {A} makes {y}. For {p} people {A.he} takes {c} {x}. How many {x} are needed for {n} people?
s times as many: k = n/p
s {x}: t = c*k

= recipe_two adult
d c 2-4; m 2-5; n 2-9; x =cookies/bread/muffins; z 15-40/5
t One batch of {x} takes {c} cups of flour and {m} cups of milk. How many cups [does {A} need|are needed]
  [altogether|in total] for {n} batches?
s one batch: b = c+m
s all batches: t = b*n

= recipe_stock adult
d c 2-5; n 3-9; h 5-15; t = c*n; h < t; y =sugar/flour
t {A} wants to make {n} [cakes|large cakes]. Each cake takes {c} cups of {y}. {A.He} has {h} cups of {y}. How many
  more cups does {A.he} need?
s needed: t = c*n
s missing: m = t-h

= weights
d n 3-9; w 2-6; b 2-8; x =melons/bricks/pumpkins/stones; y =box/crate
t {n} {x} weigh {w} pounds each. The {y} they are in weighs {b} pounds. How many pounds is that [together|altogether]?
t {A} puts {n} {x} of {w} pounds each into a {y} that weighs {b} pounds. How heavy is the full {y}, in pounds?
s {x}: a = n*w
s total: t = a+b

= empty_weight
d n 3-9; w 2-9; b 2-8; a = n*w; t = a+b; x =melons/bricks/pumpkins/stones; y =box/crate
t A {y} with {n} {x} weighs {t} pounds. The empty {y} weighs {b} pounds. How many pounds does one of the {x} weigh, if
  all weigh the same?
s without {y}: a = t-b
s each: w = a/n

= grams
d k 2-5; a 100-900/100; b 100-900/100; c = k*1000; s = a+b; s < c; x =flour/rice/sugar
t A bag holds {k} kilograms of {x}. {A} uses {a} grams on Monday and {b} grams on Tuesday. How many grams are left?
s grams: c = k*1000
s used: s = a+b
s left: l = c-s

= feet_inches
d f 3-9; i 2-11; n 2-6; a = f*12; t = a+i; e = t/n; x =board/shelf/ribbon
t A {x} is {f} feet {i} inches long. {A} cuts it into {n} equal pieces. How many inches long is each piece? (A foot is
  12 inches.)
s inches: a = f*12
s length: t = a+i
s each: e = t/n

= weeks_days
d w 2-6; d 2-6; p 2-9; a = w*7; x =pages/push-ups/new words/sums
t {A} [learns|does] {p} {x} a day for {w} weeks and {d} days. How many {x} is that?
t {A} does {p} {x} every day. How many does {A.he} do in {w} weeks and {d} days?
s days in weeks: a = w*7
s days: b = a+d
s total: t = b*p

= temperature
d a 50-70; u 4-15; d 5-18; s = a+u
t At dawn it is {a} degrees. By noon it gets {u} degrees warmer, and by night it gets {d} degrees colder [again|than
  at noon]. How many degrees is it at night?
t In the morning the temperature is {a} degrees. It rises by {u} degrees and then falls by {d} degrees. What is it
  now?
s at noon: s = a+u
s at night: t = s-d

= battery
d h 2-9; p 4-10; c 60-100/10; a = h*p; a < c
t A [phone|tablet|laptop] is charged to {c} percent. It loses {p} percent an hour. What percentage is left after {h}
  hours?
t A [camera|speaker|laptop] has {c} percent of its charge. Each hour it uses {p} percent. How many percent are left
  {h} hours later?
s lost: a = h*p
s left: l = c-a

= rope_goal
d g 200-400/50; a 50-150/10; b 20-90/10; s = a+b; s < g
t {A} wants to [jump rope|bounce a ball] {g} times. {A.He} does it {a} times, rests and does it {b} times more. How
  many times are [left|still to go]?
s so far: s = a+b
s left: l = g-s

= elevator plain
d f 3-9; u 8-20; d 2-7; z 2-9
t {A} gets on an elevator on floor {f}. It goes up {u} floors and then down {d}. On which floor is it now?
t {A} starts on floor {f}, goes up {u} floors and comes down {d} floors. What floor is {A.he} on?
s going up: a = f+u
s floor: t = a-d
""")
