"""Stories about prices, wages, savings, discounts and profit."""

from __future__ import annotations

from .engine import stories

MONEY = stories("""
= two_goods adult
d x,y goods:p,q; a 2-9; b 2-9; z 2-9; p != q
t {A} buys {a} {x} and {b} {y}. <Each {x.one} costs ${p}. ~ Each {y.one} costs ${q}.> [How much does {A.he} spend in
  total?|What is the total cost?|How much money does {A} spend?|How many dollars does {A.he} pay?]
t At the store, {x} cost {p.usd} each and {y} cost {q.usd} each. [?The store has {z} shelves.] {A} buys {a} {x} and
  {b} {y}. [How much does {A} pay altogether?|How much does this cost in total?|What does {A} pay in all?]
t [How much does {A} pay|How much money does {A} spend] if {A.he} buys {a} {x} for ${p} each and {b} {y} for ${q}
  each?
s cost of {x}: c = a*p
s cost of {y}: e = b*q
s total: t = c+e

= change_from_note adult
d x goods:p; a 2-6; n 20,50,100; c = a*p; c < n; z 3-9
t {A} buys {a} {x} for ${p} each. {A.He} [pays with|hands over|gives the cashier] ${n}. [How much change does {A.he}
  get?|How much money does {A.he} get back?|What is {A.his} change?]
t [One|A] {x.one} costs {p.usd}. [?The shop is open {z} hours a day.] {A} has ${n} and buys {a} of them. [How much
  money does {A.he} have left?|How much is left of {A.his} money?]
t If {A} has ${n} and buys {a} {x} at ${p} each, [how much money is left|how many dollars does {A.he} have left]?
s cost: c = a*p
s left: l = n-c

= note_two_goods adult
d x,y goods:p,q; a 2-5; b 2-5; n 50,100; p != q
t {A} has ${n}. [At the market|In a shop|Online], {A.he} buys {a} {x} for ${p} each and {b} {y} for ${q} each. [How
  much money does {A.he} have left?|How many dollars are left?]
t A {x.one} costs ${p} and a {y.one} costs ${q}. {A} buys {a} {x} and {b} {y} and pays with ${n}. How much change does
  {A.he} [get|receive]?
s cost of {x}: c = a*p
s cost of {y}: e = b*q
s total cost: t = c+e
s left: l = n-t

= discount_one adult
d x dear:p; d 10,20,25,30,50,40,5; o = d% of p; z 3-8
t A {x.one} [costs|is priced at|normally costs] ${p}. [During a sale|Today|This week] it is {d}% off. How much does
  {A} pay for it?
t {A} wants to buy a {x.one} for ${p}. [?{A.He} has visited {z} shops.] {A.He} has a coupon for {d}% off. [How much
  does {A.he} have to pay?|What does the {x.one} cost with the coupon?]
t The price of a {x.one} is ${p}. A store lowers the price by {d}%. [What is the new price|What does it cost now] in
  dollars?
s discount: o = d% of p
s price: l = p-o

= discount_many adult
d x dear:p; d 10,20,25,50; n 2-5
t A {x.one} costs ${p}. [A hotel|A school|An office|{A}] buys {n} of them and gets {d}% off the total price. [How much
  is the bill?|What is the total to pay?]
t A store sells {x} for ${p} each. Anyone who buys {n} gets a discount of {d}% on the whole bill. [How much do {n} {x}
  cost|What do {n} {x} cost] with the discount?
s full price: c = p*n
s discount: o = d% of c
s price: l = c-o

= price_rise adult
d x dear:p; d 5,10,20,25,50
t A {x.one} cost ${p} last year. [Since then|This year] the price [rose|went up|increased] by {d}%. [What does it cost
  now?|What is the new price?|How much does it cost now?]
t [Tax|A delivery fee|A service fee] of {d}% is added to the price of a {x.one}, which is ${p}. How much does {A} pay
  in total?
s added: o = d% of p
s price: l = p+o

= percent_rest adult
d p 40-400/20; d 10,20,25,30,50; e 5-60; z 2-5
t {A} has ${p}. {A.He} spends {d}% of it on [clothes|books|food|a present] and [another|then] ${e} on [a ticket|bus
  fare|lunch|games]. How much money does {A.he} have left?
t {A} earned ${p} [this month|last summer|by painting fences]. {A.He} [puts {d}% of it in the bank|gives {d}% of it to
  charity|saves {d}% of it] and pays ${e} for [shoes|a gift|a trip]. How many dollars remain?
s first part: a = d% of p
s money left: l = p-a
s still left: r = l-e

= wage_days adult
d h 3-9; d 2-6; w 8-20; s 20-120; z 4-9
t {A} works {h} hours a day, {d} days a week. [?{A.He} takes the number {z} bus to work.] {A.He} [earns|is paid|makes]
  ${w} an hour. [How much does {A.he} earn in a week?|What is {A.his} weekly pay?]
t {A} [works in a bakery|mows lawns|works at a library|paints houses] for ${w} per hour. Last week {A.he} worked {h}
  hours on each of {d} days. How much did {A.he} earn [in all|altogether|in total]?
s hours: t = h*d
s pay: m = t*w

= wage_spend adult
d h 3-9; w 8-20; s 10-90; k 2-4
t {A} earns {w.usd} an hour. {A.He} works for {h} hours and [then spends|then pays] ${s} [on groceries|for a new
  shirt|for a train ticket]. How much of the money is left?
t {A} [babysits|washes cars|delivers newspapers|gives piano lessons] for {h} hours at ${w} an hour. {A.He} spends ${s}
  of the money. How many dollars does {A.he} keep?
s pay: m = h*w
s left: l = m-s

= overtime adult
d k =normal/regular/weekday; h 10-40/10; w 8-16; e 2-9; x 3-8
t {A} earns ${w} for each {k} hour and ${x} more for each hour of overtime. [This week|Last week] {A.he} worked {h}
  {k} hours and {e} hours of overtime. [How much did {A.he} earn?|What was {A.his} pay?]
t {A} worked {h} {k} hours at ${w} an hour and {e} hours of overtime. An hour of overtime pays ${x} more than a {k}
  hour. What did {A.he} earn altogether?
s {k} pay: a = h*w
s overtime rate: r = w+x
s overtime pay: b = e*r
s total pay: t = a+b

= saving_goal adult
d g 60-300/10; s 10-60; w 5-20; l = g-s; k = l/w; k < 30; z 6-9; x =bicycle/guitar/camera/skateboard/tent/phone
t {A} wants to buy a {x} that costs ${g}. {A.He} already has ${s} and [saves|can save|puts aside] ${w} [each|every]
  week. [How many weeks does {A.he} need to save?|After how many weeks can {A.he} buy it?]
t A {x} costs {g} dollars. {A} has saved ${s} [so far|already]. [?{A.He} saw it in a shop {z} days ago.] If {A.he}
  saves ${w} a week, how many [more |]weeks will it take until {A.he} has enough money?
s still needed: l = g-s
s weeks: k = l/w

= allowance
d w 5-20; n 4-12; p 10-90
t {A} gets [an allowance of|pocket money of] ${w} a week. After {n} weeks {A.he} [buys|pays for] a
  [present|game|trip|pair of shoes] for ${p}. How much money is left if {A.he} [spent nothing else|bought nothing
  else]?
t [Each|Every] week {A} saves {w.usd}. {A.He} does this for {n} weeks and then spends {p.usd}. How much does {A.he}
  have now?
s saved: t = w*n
s left: l = t-p

= craft_profit adult
d x craft; n 4-15; p 6-15; c 2-5; c < p; z 2-6
t {A} makes {n} {x} and sells them for ${p} each. The material for one costs ${c}. [How much profit does {A.he}
  make?|What is {A.his} profit?]
t [It costs|It takes] ${c} to make one {x.one}. {A} sells them for ${p} each. [?{A.He} has a stall with {z} tables.]
  How much profit does {A.he} make [with|from] {n} {x}?
s profit each: e = p-c
s profit: t = e*n

= stall_profit
d x baked; n 10-40; p 2-4; c 5-40; z 2-9
t {A} sells {n} {x} for ${p} each at the [school fair|market|bake sale]. The [ingredients|baking supplies] cost
  {A.him} ${c}. [How much profit does {A.he} make?|How much does {A.he} earn after paying for them?]
t {A} spent ${c} on [flour and sugar|ingredients]. [?{A.He} had to wait {z} minutes in line.] {A.He} baked {n} {x} and
  sold all of them for ${p} each. What was {A.his} profit?
s sales: s = n*p
s profit: t = s-c

= split_bill
d x,y goods:p,q; f 2-6; a 2-6; b 2-6; p != q
t {f} friends [buy|order] {a} {x} for ${p} each and {b} {y} for ${q} each. They [share the cost equally|split the bill
  evenly]. How much does each [friend|of them] pay?
t {a} {x} cost ${p} each and {b} {y} cost ${q} each. {f} friends buy all of them together and each pays the same. How
  much does one friend pay?
s cost of {x}: c = a*p
s cost of {y}: e = b*q
s total: t = c+e
s each: l = t/f

= tip
d b 20-80/20; d 10,20,15,25; f 2,4,3,5; o = d% of b; t = b+o
t [A meal|Dinner] for {f} [friends|people] costs ${b}. They [add|leave] a tip of {d}% and [share|split] the whole cost
  equally. How much does each [pay|person pay]?
t A restaurant bill for {f} [people|friends] is ${b}. With a tip of {d}% added, they split it equally. What is each
  person's share?
s tip: o = d% of b
s total: t = b+o
s each: e = t/f

= tickets
d a 2-5; c 2-6; p 8-20; q 4-10; q < p; z 2-9; w =zoo/museum/circus/theater/water park/aquarium
t [A family|A group] goes to the {w}. [?They drive for {z} hours.] A ticket for an adult costs ${p} and a ticket for a
  child costs ${q}. How much do {a} adults and {c} children pay [in total|altogether]?
t Tickets for the {w} cost ${p} for adults and ${q} for children. {a} adults and {c} children visit the {w}. [What is
  the total cost of the tickets?|How much do their tickets cost?]
s adults: x = a*p
s children: y = c*q
s total: t = x+y

= half_price
d p 10-40/2; a 2-5; h = p/2; x =ticket/haircut/ride/boat trip/dance lesson
t The first {x} costs ${p}, and [every further {x}|each one after the first] costs half as much. How much does {A} pay
  for one {x} at full price and {a} at half price?
t A {x} costs ${p} for [adults|grown-ups]. Children pay half [as much|of that]. How much [does one adult with {a}
  children|do one adult and {a} children] pay?
s half price: h = p/2
s at half price: c = h*a
s total: t = p+c

= cents adult
d p 15-95/5; a 3-9; x =stamp/pencil/apple/candy bar/sticker/roll; c = a*p
t One {x} costs {p} cents. How much do {a} of them cost, in dollars?
t {A} buys {a} pieces of [gum|candy|chalk|ribbon] at {p} cents each. How many dollars does {A.he} pay?
s cents: c = a*p
s dollars: t = c in dollars

= dollars_cents adult
d p 110-395/5; a 2-6; n = a*p; x =cup of tea/sandwich/bottle of juice/notebook/bus ticket/slice of cake
t A {x} costs ${p.cents}. [How much|How many dollars] does {A} pay for {a} of them?
t Every {x} costs ${p.cents}. {A} orders {a}. What is the total in dollars?
s price in cents: e = p in cents
s cents: c = a*p
s dollars: t = c in dollars

= coins
d q 3-15; d 2-9; z 2-9
t {A} has {q} quarters and {d} dimes [in a jar|in {A.his} pocket|in a piggy bank]. A quarter is 25 cents and a dime is
  10 cents. How many cents does {A.he} have?
t How many cents are {q} quarters and {d} dimes worth together? (A quarter is worth 25 cents, a dime 10 cents.)
s quarters: a = q*25
s dimes: b = d*10
s total: t = a+b

= rent adult
d r 3-9; d 2-9; f 10-40/5; w =boat/bicycle/car/tent/canoe/scooter; u =hour/day
t Renting a {w} costs ${f} plus ${r} for each {u}. {A} rents one for {d} {u}s. What does {A.he} pay?
t To rent a {w}, you pay ${f} once and ${r} for each {u}. [How much does it cost|What is the price] for {d} {u}s?
s time cost: c = r*d
s total: t = c+f

= rent_budget adult
d r 3-9; f 10-40/5; h 2-9; c = r*h; b = f+c; w =boat/canoe/scooter/tennis court
t Renting a {w} costs ${f} plus ${r} per hour. {A} [paid|spent] ${b} [in total|altogether]. For how many hours did
  {A.he} rent it?
t {A} rents a {w}. The bill of ${b} is made up of a fixed fee of ${f} and ${r} for each hour. How many hours did {A}
  use it?
s for hours: c = b-f
s hours: h = c/r

= find_price adult
d x,y goods:p,q; a 2-6; b 2-6; p != q; c = a*p; e = b*q; t = c+e
t {A} [paid|spent] ${t} for {a} {x} and {b} {y}. Each {x.one} cost ${p}. [What did one {y.one} cost|How many dollars
  did each {y.one} cost]?
t {a} {x} at ${p} each and {b} {y} cost ${t} together. What is the price of one {y.one}, in dollars?
s cost of {x}: c = a*p
s cost of {y}: e = t-c
s each: q = e/b

= cheaper_pack adult
d n 4-12; p 2-6; s 2-9; f = n*p; c = f-s; x =ticket/yogurt/glass/light bulb/can of soup
t One {x} costs ${p}. A set of {n} costs ${c}. How much [cheaper is the set than {n} single ones|does {A} save by
  buying the set instead of {n} single ones]?
t A store sells a {x} for ${p} and a pack of {n} for ${c}. How many dollars does {A} save with one pack compared with
  single ones?
s single price: f = n*p
s saved: s = f-c

= gift_together
d p 30-150/5; f 2-5; a 5-40; e = p-a; s = e/f; x =present/game console/bike/clock/necklace
t {A} and {f} friends buy a {x} for ${p}. {A} pays ${a} and the {f} friends share the rest equally. How much does each
  friend pay?
t A {x} costs ${p}. {A} gives ${a} toward it, and {A.his} {f} [neighbors|friends] pay the rest in equal shares. How
  much is one share?
s rest: e = p-a
s each: s = e/f

= two_savers
d a 20-80; w 3-12; b 10-60; v 3-12; n 3-10
t {A} has ${a} and saves ${w} [each|a] week. {B} has ${b} and saves ${v} [each|a] week. How much [money|] do they have
  together after {n} weeks?
t [At first|In January] {A} has ${a} and {B} has ${b}. Every week {A} saves ${w} and {B} saves ${v}. How many dollars
  do the two have in all after {n} weeks?
s saved by {A}: x = w*n
s {A} has: y = a+x
s saved by {B}: u = v*n
s {B} has: q = b+u
s together: t = y+q
""")
