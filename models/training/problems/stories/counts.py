"""Stories about things that are counted, shared, packed, compared and grown."""

from __future__ import annotations

from .engine import stories

COUNTS = stories("""
= share_heaps
d x small; f 3-8; e 3-12; t = f*e; a 5-60; b = t-a; z 2-9
t {A} has {a} {x} and {B} has {b}. They [put them together|put all of them in one pile] and share them equally among
  {f} [friends|children|classmates]. How many {x} does each [child|one|of them] get?
t [There are {a} {x} in one box and {b} in another.|One box holds {a} {x} and a second one holds {b}.] [?A third box
  has {z} pens in it.] All of the {x} are [shared|divided] equally among {f} [children|people]. How many does each one
  get?
s total: t = a+b
s each: e = t/f

= share_rest adult
d x baked; a 20-80; b 2-20; f 2-8; l = a-b; e = l/f; z 2-4
t {A} bakes {a} {x}. {A.He} keeps {b} [of them |]for {A.his} family and [shares|divides] the rest equally among {f}
  [neighbors|friends|coworkers]. How many {x} does each of them get?
d w =bag/basket
t A tray holds {a} {x}. [?The tray weighs {z} pounds.] {b} are [burnt|broken|eaten by the cook], and the rest are
  [packed|divided] equally into {f} {w}s. How many {x} are in each {w}?
s {x} left: l = a-b
s each: e = l/f

= pack_cases adult
d x fruit; y case; a 3-9; b 4-12; c 2-30; t = a*b; c < t; z 3-9
t {A} has {a} {y} of {x} with {b} {x} in each. {A.He} [gives away|eats|sells] {c} {x}. How many {x} are left?
t A [shop|grocer|farmer] has {a} {y} with {b} {x} in each. [?There are {z} people in line.] [The first customer
  buys|Before noon people buy] {c} {x}. How many {x} are left?
t There are {b} {x} in [each|every one] of {a} {y}. {c} of the {x} are [bad|bruised|used for juice]. How many {x}
  remain?
s total: t = a*b
s left: l = t-c

= two_kinds_cases adult
d x school; a 2-9; b 4-12; c 2-9; e 4-12; z 2-6
t {A} buys {a} [packs|boxes] of {b} {x} and {c} [packs|boxes] of {e} {x}. How many {x} does {A.he} [have|buy] in all?
t A teacher has {a} small boxes with {b} {x} each and {c} large boxes with {e} {x} each. [?There are {z} shelves in
  the room.] How many {x} are there [altogether|in total]?
s first boxes: u = a*b
s other boxes: v = c*e
s total: t = u+v

= need_more
d g 20-90; a 5-40; b 3-30; t = a+b; t < g; x small
t {A} wants to collect {g} {x}. {A.He} has {a} and {B} gives {A.him} {b} more. How many [more |]{x} does {A.he} still
  need?
t {A} needs {g} {x} [for a school project|for a game|for a picture]. {A.He} finds {a} at home and buys {b}. How many
  are still missing?
s total: t = a+b
s missing: m = g-t

= dozen_sell
d n 2-8; s 3-40; z 2-9; a = n*12; s < a; x =eggs/rolls/roses/doughnuts
t A [shop|farm stand|market stall] has {n} dozen {x}. [?It opens {z} days a week.] {s} {x} are [sold|given away]. How
  many {x} are left?
t {A} has {n} dozen {x} and [sells|uses] {s} of them. How many does {A.he} have left?
s {x}: a = n*12
s left: l = a-s

= dozen_cost adult
d n 2-7; p 3-9; x =eggs/rolls/pencils/cupcakes
t {A} needs {m} {x}. They are sold only by the dozen, and a dozen costs ${p}. How much does {A.he} pay?
d m = n*12
t {x} cost ${p} a dozen. {A} buys {m} of them. [How much does {A.he} pay?|What is the total price?]
s dozens: n = m/12
s cost: c = n*p

= hens
d h 4-12; e 3-7; d 12,6,10; t = h*e; b = t/d; z 2-9
t [A farmer has|There are] {h} hens [on a farm|]. Each hen lays {e} eggs a week. [?There are {z} cows on the farm
  too.] The eggs are packed in boxes of {d}. How many boxes are filled [each|every] week?
t Every hen on a farm lays {e} eggs a week. The farmer has {h} hens and sells the eggs in cartons of {d}. How many
  cartons can be filled in a week?
s eggs: t = h*e
s boxes: b = t/d

= times_more
d x small; a 4-30; k 2-6; z 6-14
t {A} has {a} {x}. {B} has {k.times} as many [{x} |]as {A}. How many {x} do they have [together|altogether|in all]?
t {B} has {k.times} as many {x} as {A}. [?{A} is {z} years old.] {A} has {a}. How many {x} do the two have together?
s {x} of {B}: b = a*k
s together: t = a+b

= times_difference
d x small; a 4-30; k 3-7
t {A} has {a} {x}. {B} has {k.times} as many. How many more {x} does {B} have than {A}?
t {B} collected {k.times} as many {x} as {A}, who collected {a}. How many more did {B} collect than {A}?
s {x} of {B}: b = a*k
s difference: t = b-a

= half_as_many
d x fruit; a 10-60/2; b 3-12
t {A} picked {a} {x}. {B} picked half as many. Together they [gave|threw] {b} [away|of them away]. How many {x} were
  left?
t {A} picks {a} {x} and {B} picks half as many {x} as {A}. They eat {b} {x} [on the way home|for lunch]. How many {x}
  do they still have?
s {x} of {B}: c = a/2
s total: t = a+c
s left: l = t-b

= fraction_left
d x baked; f fraction; a 12-90; b 2-20; z 3-9
t {A} makes {a} {x}. {A.He} [sells|gives away] {f} of them [in the morning|before lunch]. How many {x} are left?
t A [bakery|cafe|kitchen] has {a} {x}. [?It has {z} tables.] {f} of them are sold by noon. How many are not sold by
  noon?
s sold: s = f of a
s left: l = a-s

= fraction_two
d x small; f fraction; a 12-90; b 2-20; z 7-12
t {A} has {a} {x}. {A.He} gives {f} of [them|the {x}] to {B} and {b} to {C}. How many {x} does {A.he} have left?
t {f} of {A}'s {a} {x} are [blue|red|old]. [?{A} is {z} years old.] {b} are [green|yellow|white], and all the others
  are black. How many are black?
s first part: s = f of a
s rest: l = a-s
s still left: r = l-b

= class_fraction
d n 18-36; f fraction
t There are {n} students in a class. {f} of them are girls. How many boys are [there|in the class]?
t {f} of the {n} [children|students] in a class are boys. How many girls are in the class?
t A [choir|chess club|team] has {n} members. {f} of them are [adults|beginners]. How many members are not?
s first part: a = f of n
s rest: b = n-a

= class_percent
d n 20-80/20; p 10,20,25,30,40,50,60,75; w =play an instrument/walk to school/like math best/have a pet/wear glasses
t A school club has {n} members. {p}% of them {w}. How many members do not [{w}|do so]?
t There are {n} students in a hall. {p}% of them {w}. How many of the students do not?
s part: a = p% of n
s rest: b = n-a

= girls_boys
d b 6-18; m 2-9; r 2-6; z 2-8
t A class has {b} boys and {m} more girls than boys. [?The room has {z} windows.] How many students are in the class?
t There are {b} boys in a [choir|club|dance class], and there are {m} more girls than boys. How many children are
  there altogether?
s girls: g = b+m
s total: t = b+g

= teams
d b 6-24; g 6-24; k 3-8; t = b+g; n = t/k
t {b} boys and {g} girls want to play. They form teams of {k}. How many teams are there?
t A camp has {b} boys and {g} girls. They sleep in tents for {k}. How many tents do they need?
s children: t = b+g
s groups: n = t/k

= trees_rows adult
d x tree; r 3-12; n 4-12; d 2-20; t = r*n; d < t; z 2-9
t A [farmer|gardener|park] has {r} rows of {x} with {n} trees in each row. [?A fence with {z} gates goes around them.]
  A storm knocks down {d} trees. How many trees are standing?
t {A} plants {r} rows of {n} trees. {d} of the trees [die|dry out] in the summer. How many trees are left?
s trees: t = r*n
s left: l = t-d

= flowers_vases adult
d x,y flower; a 10-50; b 10-50; v 3-9; t = a+b; e = t/v
t {A} has {a} {x} and {b} {y}. {A.He} puts the same number of flowers in each of {v} vases. How many flowers are in
  each vase?
t A florist [cuts|buys] {a} {x} and {b} {y} and [ties|makes] them into {v} [bunches|bouquets] of the same size. How
  many flowers does each [one|of them] have?
s flowers: t = a+b
s each: e = t/v

= legs
d c 3-15; k 3-15; x =chickens/ducks/turkeys/geese; y =cows/sheep/goats/horses/pigs
t A farmer has {c} {x} and {k} {y}. How many legs do the animals have [in total|altogether]? (A bird has 2 legs, the
  others 4.)
t {c} {x} and {k} {y} are [in a barn|on a farm]. {x} have 2 legs and {y} have 4. How many legs is that [in
  all|together]?
s legs of {x}: a = c*2
s legs of {y}: b = k*4
s total: t = a+b

= animals_three
d x,y animal; a 4-20; k 2-4; m 2-9; u = a*k; m < u
t A farm has {a} {x} and {k.times} as many {y}. [The farmer|It] sells {m} of the {y}. How many {x} and {y} are left
  altogether?
t There are {a} {x} on a farm, and there are {k.times} as many {y} as {x}. After {m} of the {y} are sold, how many {x}
  and {y} are there together?
s {y}: u = a*k
s {y} left: v = u-m
s total: t = a+v

= bus_seats
d r 8-14; s 4; e 3-30; t = r*s; e < t; f 2-9
t A bus has {r} rows of {s} seats. {e} seats are [empty|free]. How many people are [sitting|seated] on the bus?
t {r} rows with {s} seats each are set up for a [show|concert|talk]. {e} seats stay empty. How many seats are taken?
s seats: t = r*s
s taken: l = t-e

= vans_needed
d n 4-8; v 2-9; t = n*v; a 2-9; a < t; k = t-a
t {k} students and {a} teachers go on a trip. Each van [holds|seats|takes] {n} people. How many vans do they need?
t {a} teachers and {k} students want to travel in vans with room for {n} people each. All vans are full. How many vans
  are there?
s people: t = k+a
s vans: v = t/n

= library
d s 3-9; b 12-30; o 5-60; t = s*b; o < t; z 2-9
t A bookcase has {s} shelves with {b} books on each. [?It is {z} feet tall.] {o} of the books are [lent
  out|borrowed|given away]. How many books are left?
t {A} has {s} shelves with {b} books on every shelf. {A.He} [sells|gives away|lends out] {o} books. How many books
  [are left|does {A.he} have left]?
s books: t = s*b
s left: l = t-o

= pages_rest
d p 80-300/10; a 10-60; n 2-12; l = p-a; d = l/n; z 4-20
t {A} is reading a book with {p} pages. {A.He} has read {a} pages and wants to finish the rest in {n} days, reading
  the same number of pages each day. How many pages does {A.he} read a day?
t A book has {p} pages and {z} chapters. {A} has already read {a} pages. If {A.he} reads the same number of pages on
  each of the next {n} days and then is done, how many pages is that a day?
s pages left: l = p-a
s a day: d = l/n

= pages_days
d m 5-30; k 2,3; e 5-40; x =pages/words/puzzles/verses
t On Monday {A} reads {m} pages. On Tuesday {A.he} reads {k.times} as many as on Monday, and on Wednesday {e} pages.
  How many pages does {A.he} read in the three days?
t {A} reads {m} pages on Friday, {k.times} as many on Saturday and {e} on Sunday. How many pages is that [in
  total|altogether]?
s second day: b = m*k
s two days: c = m+b
s total: t = c+e

= average3
d a 5-30; b 5-30; c 5-30; s = a+b; t = s+c; e = t/3; w =points/stickers/letters/visitors
t {A} [got|had] {a} {w} on Monday, {b} on Tuesday and {c} on Wednesday. What is the average number of {w} a day?
t {A} got {a} {w} in the first week, {b} in the second and {c} in the third. How many {w} is that per week on average?
s two days: s = a+b
s total: t = s+c
s average: e = t/3

= average_scores
d a 60-99; b 60-99; s = a+b; e = s/2
t {A} scored {a} points on the first test and {b} on the second. What is {A.his} average score?
t In two games {A} scored {a} and {b} points. What was {A.his} average per game?
s total: s = a+b
s average: e = s/2

= average_missing
d a 10-40; b 10-40; v 10-40; n 3; t = v*3; s = a+b; c = t-s; w =pages/laps/push-ups/drawings
t {A} wants to average {v} {w} a day over three days. {A.He} did {a} on the first day and {b} on the second. How many
  {w} must {A.he} do on the third day?
t After three days {A}'s average was {v} {w} a day. The first two days had {a} and {b} {w}. How many {w} were there on
  the third day?
s needed: t = v*3
s so far: s = a+b
s third day: c = t-s

= basketball
d a 3-12; b 2-8; f 2-9; z 9-15
t In a game {A} makes {a} two-point shots, {b} three-point shots and {f} free throws worth one point each. How many
  points does {A.he} score?
t {A} [wears number {z} and|] makes {a} shots worth 2 points and {b} shots worth 3 points. {A.He} also makes {f} shots
  worth 1 point. How many points is that?
s twos: u = a*2
s threes: v = b*3
s without free throws: w = u+v
s points: t = w+f

= quiz
d r 8-25; p 3-6; w 2-6; m 2,3; u = r*p; v = w*m; v < u
t In a quiz you get {p} points for a right answer and lose {m} points for a wrong one. {A} has {r} right and {w} wrong
  answers. How many points does {A.he} [have|get]?
t {A} plays a game: a hit gives {p} points and a miss costs {m} points. {A.He} hits {r} times and misses {w} times.
  What is {A.his} score?
s points won: u = r*p
s points lost: v = w*m
s points: t = u-v

= candy_weeks
d w 2-6; d 3-9; a 30-99; t = w*7; x =vitamins/tea bags/cat treats/biscuits
t {A} uses {w} {x} a day. {A.He} has {a} {x}. How many will {A.he} have left after a week?
t A [bag|box] has {a} {x}. {A} needs {w} of them every day. How many are left after 7 days?
s used: t = w*7
s left: l = a-t

= doubles_days
d a 2-12; x =likes/visitors/readers/followers
t On day one there are {a} {x}. The number doubles every day. How many {x} are there on day [four|4]?
t A page has {a} {x} on the first day. Each day it has twice as many as the day before. How many are there on the
  fourth day?
s day two: b = a*2
s day three: c = b*2
s day four: t = c*2

= machine_defects
d r 8-30; h 3-9; d 2-15; x craft; t = r*h; d < t
t A machine makes {r} [bottles|lamps|cans|toys] an hour. It runs for {h} hours, but {d} of [the pieces|them] are
  [faulty|broken]. How many good ones are there?
t In a factory {r} [toys|lamps|cans] are made each hour. After {h} hours, {d} pieces turn out to be broken. How many
  are not broken?
s made: t = r*h
s good: l = t-d

= ratio_parts
d a 2,3,5; b 2,3,5; n 3-12; a != b; s = a+b; t = s*n; x =red/white/green; y =blue/black/yellow
t The [beads|balls|marbles] in a bag are {x} and {y} in the ratio {a} to {b}. There are {t} in all. How many are {x}?
t For every {a} {x} beads on a chain there are {b} {y} ones. The chain has {t} beads, all of them {x} or {y}. How many
  {x} beads does it have?
s parts: s = a+b
s one part: n = t/s
s {x}: e = n*a

= stock_two_days
d s 40-180; a 5-40; k 2,3; x goods; z 7-10; w 10-50
t A shop has {s} {x}. It opens at {z} o'clock. It sells {a} on Monday and {k.times} as many on Tuesday. How many {x}
  are left?
t A store [starts|begins] the week with {s} {x}, sells {a} on Monday and {k.times} as many on Tuesday. How many has it
  left?
s on Tuesday: b = a*k
s sold: c = a+b
s left: l = s-c
""")
