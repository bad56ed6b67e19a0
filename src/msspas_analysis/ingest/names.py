"""Words that are names in the United Kingdom, and words that only look like it.

Written from general knowledge of names in use over several generations and communities; the
lists are not a statistic, and no entry stands for a real person. All in small letters.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FORENAMES: Final = _words(
    """
    aaliyah aaron abbie abby abdul abdullah abigail abraham adam adel adele adeline adrian
    adriana adrienne agnes agnieszka ahmed aidan aileen ailsa aimee aisha aishah aisling akash
    akua alan alana alasdair albert aleksandra alex alexander alexandra alexis alfie alfred ali
    alice alicia alina alison alistair allan allen allison alma alyssa amanda amelia amina
    aminah amir amirah amit amy anastasia andrea andreas andrew andrzej andy aneta angela
    angharad angus anil anita anjali ann anna annabel annabelle anne annette annie anthony
    antonia antonio anwen anya archie arjun arlene arnold arthur arun arwel ashok asif asma
    astrid audrey ava ayaan ayesha aziz babatunde barbara barbra barry bartosz bashir bastian
    beata beatrice beatrix becky belinda ben benedict benjamin bernadette bernard bernice
    bertha beryl beth bethan bethany betsy betty bev beverley beverly bharat bianca billy bob
    bogdan bonnie boris bradley brenda brendan brian bridget bronwen bruce bryan bryn bryony
    caitlin caitlyn calum cameron camilla candice cara carla carol carole caroline carolyn
    carwyn carys caspar catherine cathy catriona cecil cecilia cecily cedric ceri ceris cerys
    chantelle charles charlie charlotte cherie cheryl chidi chinedu chioma chloe chris chrissie
    christina christine christopher ciara cillian claire clara clare clarence clarissa claude
    claudia clement clifford clive clodagh colette colin colleen connor conor constance
    cordelia corinne craig cressida crispin cynthia dafydd dai damian damien daniel daniela
    danielle danny daphne darren dave david dawid dawud debbie deborah declan deepak deirdre
    delia delilah delyth denis denise dennis denzil derek dermot desmond devi dewi diana diane
    dianne diarmuid diego dilys dimitri dinesh dominic dominik dominika donald donna doreen
    doris dorota dorothy doug douglas duncan dylan eamon eddie edgar edith edmund edna edward
    edwin eileen eilidh eilish eimear elaine eleanor elena eleri elijah elin elinor elisabeth
    elise eliza elizabeth ella ellen ellie elliot elliott elsa elsie elspeth emeka emily emlyn
    emma emmanuel enid enrique eoin eric erica erin ernest ernie esme esmee esther ethan ethel
    eugene eunice eva evan evelyn ewa ewan fadumo fahad faisal farah farhan farida farzana
    fatima fatimah fatou fay felicity felix fergus ffion finlay finley fiona fionnuala fleur
    florence florian frances francesca francine francis francois frankie fred freda freddie
    frederick freya gabriel gabriella gail gareth garry gary gavin gaynor gemma geoff geoffrey
    george georgie georgina geraint gerald geraldine gerard gethin ghazala gian gilbert giles
    gill gillian gina ginny giovanni gladys glenda glenn glenys glyn glynis gordon gosia graeme
    graham greg gregory greta gretel grzegorz gurpreet gwen gwendolen gwendoline gwenllian
    gwilym gwyneth habib hadiza hafsa hakim halima hamish hamza hana hannah hans haris harold
    harpreet harriet harrison harry harvey hasan hassan hayley hazel hector heidi helen helena
    helene helga henrietta henry herbert hilary hilda hiroshi horace howard hubert hugh hugo
    humphrey hussain hussein hywel iain ian ibrahim ida idris ieuan ifeoma ifor igor ikram
    ilona imogen imran ines ingrid ioan iona irena irene irina isaac isabel isabella isabelle
    isha ishaan isla ismail isobel ivan ivor iwona jacek jack jackie jacob jacqueline jacqui
    jade jaden jagdish jake jakub jameela james jamie jamila jane janet janette janice janine
    janusz jared jaroslaw jasmin jason javed jayden jayne jean jeanette jeff jeffrey jemima
    jemma jennifer jenny jeremy jerome jerry jerzy jess jessica jessie jill jillian jim jimmy
    jo joan joann joanna joanne jocelyn jodi jodie joe joel johan johannes john johnny jolanta
    jon jonathan jose josef joseph josephine josh joshua joyce juan judith judy julia julian
    juliana julie juliet juliette justin justyna jyoti kabir kaden kadija kamal kamil kamila
    karen karim karin karl karol karolina kasia katarzyna kate katharine katherine kathleen
    kathryn kathy katie katrina kay kayla kayleigh keith kelly kelvin ken kenneth kenny kerry
    kevin khadija khalid kiera kieran kim kimberley kiran kirsten kirsty kofi krishna kristina
    krystyna krzysztof kulwinder kumar kwame kwasi kyle kylie lachlan lakshmi lara larry
    latisha latoya laura lauren laurence laurie lawrence layla leah leanne lee leila len lena
    leo leon leona leonard leonie leroy lesley leslie leszek lewis leyla liam lidia lilian
    lillian lin linda lindsay lindsey lionel lisa lisbeth liz lizzie llewellyn lloyd logan lois
    lola lorna lorraine lottie louis louisa louise luca lucas lucia lucinda lucy luigi lukasz
    luke lydia lyn lynda lyndsey lynette lynn lynne mabel maciej madeleine madison maeve magda
    magdalena maggie mahmood mahmoud mair mairead malcolm malgorzata malik mandeep mandy manjit
    manpreet marc marcia marcin marcus marek margaret margery margot maria mariah mariam marian
    marianne marie mariusz marjorie marlene marta martha martin martyn marvin mary maryam
    mateusz mathew matilda matt matthew maud maura maureen maurice mavis maxine maxwell maya
    meena meera meg megan meghan mehmet meinir melanie melinda melissa meredith merfyn mervyn
    mia michael michal michele michelle mick mickey mike mikolaj mildred millicent millie
    minnie miriam mohamed mohammad mohammed mohan moira molly mona monica monika morag morgan
    moses moyra muhammad muireann murdo muriel musa mustafa myfanwy myra nadeem nadia nadine
    nancy naomi narinder nasreen natalia natalie natasha nathan nathaniel nazia ned neha neil
    nell nerys nesta ngozi niall nicholas nicki nicky nicola nicole nigel nikita nina nisha
    noah noor noreen norman nuala oksana olga oliver olivia oluwaseun olwen omar oscar osman
    oswald owen paddy padraig pamela pascal patrice patricia patrick patrycja patsy paul paula
    pauline pavel pawel pedro peggy percy perry peter petra phil philip philippa phillip
    philomena phoebe phyllis pierre piers piotr priscilla pritpal priya przemyslaw quentin
    rachael rachel radoslaw rafael rafal raheem rahim rahul raj rajesh rajinder ralf ralph
    ramesh randolph rania rashid ravi raymond rebecca rebekah reece reg reginald rehana reuben
    rhian rhiannon rhodri rhona rhonda rhys ricardo richard ricky rita robbie robert roberta
    robyn roderick rodney roger roisin roland ron ronald ronan ronnie rory rosa rosalind
    rosanna rosie roslyn ross rowan rowena roxanne roy rubina rudy rufus rukhsana rupert
    russell ruth ryan saanvi sabina sabrina sadia sadie sadiq saeed safia saira sajid salim
    sally salma sam samantha samina samir samuel sandeep sandra sanjay saoirse sara sarah sasha
    saskia satish saul scott seamus sean sebastian selina seren serena shabana shaheen shahid
    shamim shane shanice shannon sharon shaun shauna shazia sheena sheila shelagh shelley
    shereen sheryl shirin shirley shobha shona sian sibyl sid sidney sienna silvia simon simone
    sinead siobhan slawomir sofia sonal sonia sophia sophie spencer stacey stan stanislaw
    stanley stella stephanie stephen steve steven stewart stuart sue suleiman sumaya sunil
    sunita suresh surinder susan susanna susannah susie suzanne svetlana sybil sylvia sylwia
    tabitha tahir tamara tamsin tania tanvir tanya tara tariq tatiana tegan temitope tendai
    terence teresa terri terry tess tessa thabo thelma theo theodore theresa therese thomas
    tiffany tilly tim timothy tina tobias toby todd tom tomasz tommy tomos toni tony tracey
    tracy trevor trish trisha tristan tristram trudy tunde tyler tyrone ulrich uma una urmila
    ursula usha usman valentina valerie vanessa vaughan vera vernon veronica vic vicki vicky
    victoria vijay vikram vilma vinay vincent vinod viv vivek vivian vivien vivienne vladimir
    waheed walter wanda waseem wayne wendy wesley wilf wilfred wilhelmina wilma winifred
    winston wojciech wolfgang wyn xavier yasmeen yasmin yetunde yolanda youssef yusra yusuf
    yvette yvonne zac zach zachary zahra zainab zak zara zeb zeinab zoe zofia zoltan zubair
    zuzanna
    """
)
"""Forenames that are seldom anything else."""

WORD_FORENAMES: Final = _words(
    """
    al amber angel april ari art ash ashley asia aspen august autumn basil bea beau bert bill
    blessing brad bunty candy chance charity chase chelsea cherry christi christian clay cliff
    clint colm coral courtney crystal daisy dale dallas dan dawn dean dee di dick dolly
    dominica don dora dot drew earl ebony ed eden elm eve faith fern finn flo flora frank gene
    georgia ginger glen grace grant guy hal hank harley harmony heath heather holly honey hope
    hunter india iris ivy jan jasmine jay jet jewel jock jordan joy judge june kendal kent kerr
    kirk kit lana lance laurel leigh les lily linden luna mal marina mark marshall max may mel
    mercedes mercy merlin miles milo milton mina misty mo morris nan nelson nick noel norma
    octavia olive opal pat patience paz pearl peg penny perl petal pip pippa poppy portia
    preston prudence queenie ray red reed rex rich rick robin rocky rod roman rose rosemary
    ruby rusty sage sandy scarlett serene skye sol sonny sterling stew storm summer sydney ted
    teddy tia tiger tod trinity troy val verity victor viola violet virginia wade wally warren
    will willow
    """
)
"""Forenames that are also a word, a month or a place: a name only beside a surname."""

PLACE_FORENAMES: Final = _words(
    """
    albert alexandra barry beverley bradley catherine charlotte clare douglas edward elizabeth
    florence george james john kimberley lewis margaret mary shirley stanley victoria
    """
)
"""Forenames after which towns, wards and hospitals are called."""

SURNAMES: Final = _words(
    """
    abbott abdi abubakar adams adamson adebayo adeyemi agarwal aguilar ahmad ahmed akhtar allen
    allison anderson andrews appiah armstrong arnold arshad ashraf aslam atkins atkinson bailey
    baldwin banerjee barker barlow barnes barnett barrett bartlett bates baxter begum bennett
    benson bhatt birch blackburn blake boateng bowen boyle bradshaw braithwaite brennan briggs
    brooks bryant buchanan burgess burke burton butcher butler byrne cameron campbell carpenter
    carr carroll carter chadwick chambers chandra chapman chaudhry chowdhury christie clark
    clarke clayton clements cohen coleman collins connolly connor cooper costa cox crawford
    cunningham curtis daly daniels davey davidson davies davis davison dawson deakin desai
    devlin dhillon diaz dickson dixon dobson docherty doherty donaldson donnelly doyle duffy
    duncan dunn dyer eaton edwards elliott ellis evans farooq farrell faulkner ferguson
    fernandes ferreira fisher fitzgerald fleming fletcher flynn forbes forsyth fraser freeman
    fuller gallagher garcia gardiner gardner garner garvey george gibbons gibbs gibson gilbert
    gill gilmore goddard gomez gonzalez goodwin gordon gould graham greenwood gregory griffin
    griffiths gupta haines hall hamilton hammond hancock hanson harding hargreaves harper
    harris harrison hartley harvey hawkins hayes haynes henderson hewitt hicks higgins hobbs
    hodgson holden holland holloway holmes hopkins horton houghton howarth howe howell howells
    hudson hughes humphreys humphries hussain hussein hutchinson hyde ibrahim iqbal islam iyer
    jackson jacobs jamal james jarvis jenkins jennings jensen johnson johnston johnstone jones
    joshi kapoor kaur kavanagh kaye kelly kemp kennedy kerr khalil khan khatun kirby knowles
    kowalczyk kowalska kowalski kumar lambert larsen lawson leach lewandowski lewis lindsay
    livingstone lloyd logan lopez lowe lucas lynch macdonald mackay mackenzie maclean macleod
    mahmood malik mann marsden marshall martin martinez mason matthews mcbride mccarthy
    mccormack mcdonald mcgee mcgrath mcgregor mcguire mcintosh mcintyre mckay mckenna mckenzie
    mclaren mclaughlin mclean mcleod mcmahon mcmillan mcnamara mcpherson mehta menon mensah
    metcalfe middleton miller mills mistry mitchell mohamed moore morgan morris morrison
    muhammad mukherjee mullen murphy murray myers nair naylor ncube ndlovu nelson newman newton
    nguyen nicholls nicholson nkosi nolan norris nowak nwosu o'brien o'connell o'connor
    o'donnell o'driscoll o'hara o'keefe o'leary o'neill o'reilly o'shea o'sullivan obi okafor
    okeke okonkwo olsen osborne osei owen owens owusu palmer parekh parker parry parsons patel
    paterson patterson pearce pearson pereira perkins perry peters petrov phillips pickering
    potter poulter powell pratt preston pritchard pugh qureshi rafiq rahman ramirez ramsay
    randall rao rashid raymond reddy rees reeves reid reilly reynolds rhodes richards
    richardson riley roberts robertson robinson robson rodrigues rodriguez rogers rowe rowlands
    russell ryan sahota saleem sanchez sanders sanderson sandhu santos saunders schmidt
    schofield scott sethi shah shaikh sharma sharpe shaw shepherd sheppard sheridan siddiqui
    sidhu silva simmons simpson sinclair singh skinner slater smith smyth spencer stephens
    stephenson stevens stevenson stewart stokes stuart sullivan sutherland sutton swift
    szymanski tanner taylor thapa thomas thompson thomson thorpe tomlinson townsend tucker
    turner ullah vaughan verma wagner wallace walsh walters warner warsame waters watkins
    watson watts webb webster weston wheeler whitehead wilkins wilkinson williams williamson
    willis wilson winters wisniewski wong wright wyatt yang yates yusuf zhang zhou zielinski
    """
)
"""Surnames that are seldom anything else."""

WORD_SURNAMES: Final = _words(
    """
    baker ball banks barber bell berry bird bishop black bond brown bush cannon chan chen cole
    cook cross dale day dean drake farmer field finch fish flower ford foster fox french frost
    grant green hardy hart hill hood hope hunt hunter khan king kirk knight lamb lane law lee
    little long love mann marsh may moss nash noble north page park parkinson pike pope porter
    price rose sharp short smart spence stone summers sykes tate todd vance wade walker ward
    west white wood woods yeo young
    """
)
"""Surnames that are also a word: a name only beside a forename or a title."""

EPONYMS: Final = _words(
    """
    alexander ashworth barthel beck berg berlin bobath borg bowen epworth feldenkrais guy
    hauser jacobson kurtzke likert parkinson penn rivermead snow tardieu thomas tinetti wade
    """
)
"""Surnames that mostly stand for a scale, a method or a disease."""

PARTICLES: Final = _words("al bin da de del della den der di dos du el la le san st van von")
TITLES: Final = _words(
    "dame doctor dr matron miss mr mrs ms mx nurse prof professor rev revd reverend sir sister"
)

MONTHS: Final = _words(
    """
    jan january feb february mar march apr april may jun june jul july aug august sep sept
    september oct october nov november dec december
    """
)

ORDINARY: Final = _words(
    """
    a able abnormal about absent accounts ache aches action activity acupuncture acute address
    adductor admin administrator adult after afternoon afterwards again age ago alert all
    allergy allied alone alpha also altered always am amitriptyline an and ankle ankles annual
    anonymous answer answers antibiotics any anyone appendix apple appointment appointments
    appt appts archive area arm arms aromatherapy arrive arrived art as ashworth ask asked
    aspirin assess assessed assessment assessor assistant asthma at attend attended attending
    aunt author average avg away axis baby back backup baclofen bacteria bad balance band bank
    bar barthel base baseline bath bathroom beck bed bedroom before begin bend benefit berg
    best better between bike biofeedback birth bit black bladder blank blanks blood blue board
    body book booked borg both botox bowel box brace brain bravo break breakfast breaks breath
    bring bronze brother brought brown buddy building busy but by calf calibre call called
    calls came camp can canal canc cancel cancelled cannabis cannot car card care carer carers
    case cat catheter cause cbd cell cells center centre certificate chair chairs change
    changed changes chapter charge charity chart check checked chest chi child chiropody
    christmas class classes clean clear client clients clinic clinical clonazepam clonus close
    club coast code codeine codes coffee cold coli colleague college colour colours column
    comment comments community complete completed computer computing concern condition confirm
    consent constant constipation contact contents control coordinator copy core corner council
    counselling count country county course court cousin covid cramp cramps cream cup cycle dad
    daily dantrolene data date dates daughter day days dead dear decisions deep default delay
    delta dental dentist department depression desk diabetes diaries diary diazepam did diet
    difficult dinner disability discharge district dna do doctor doctors dog done dose down
    draft dress drink drive drop drug drugs due duloxetine duplicate duty early easter eastern
    easy eat echo effect eight either elbow electronic eleven email emergency empty end energy
    england enter entered entry error evaluation even evening event every everyone exam excel
    exercise exercises extensor eye eyes face facial factor fall falls false family fampridine
    fampyra far fast father fatigue feb feel feeling feet fell felt female fever few field file
    files final finance fine finger fingers first fit five flare flat flexor flu fluid foam
    folder follow food foot for form formula four foxtrot frame free frequency fri friday
    friend friends from full function functional fund gabapentin gait game garden gastrocnemius
    gave gel general get gift given glutes goal goals gold golf good google got governance gp
    gps granddaughter grandson great green grey grip group groups guest guidance guide gym had
    half hall ham hamstring hamstrings hand handed hands hard has have he head headache health
    heart heat heavy heel hello help helper her here hidden high highest him hip hips his
    history hold holiday holidays hols home hospice hospital hot hotel hour hours house how hr
    hrs husband hydro hydrotherapy ibuprofen ice identifier identity if ill illness in index
    infection infirmary info initial injection injury inner insomnia instructor instruments
    insurance intake into invented inventory ireland is issue it item its joint joints just
    keep key kidney kitchen knee knees knew lab label lane laptop large last late later ldn
    leader leave left leg legs length less letter level levels libreoffice light limb limbs
    line list little living log london long lot lots low lower lowest lunch lung machine made
    mail main make male manager manual many map mas massage master match max maximum me meal
    meals mean means measure measures med median medical medication medicine meds meeting
    member members memo menopause mental message method methods microsoft middle migraine mild
    min mind minimum minute minutes missed missing mode model moderate modified mon monday
    money monitor month monthly months mood more morning morphine most mother motor mouth move
    moved movement mri ms much multiple mum muscle muscles music must my nabiximols naltrexone
    name names nap national nausea near neck need needs neighbour nephew nerve neuro
    neurologist neurology never new next nhs niece night nights nil nine no nobody none noon
    normal northern nortriptyline not note notes nothing now numb number numbers nurse nurses
    occupational of off office officer often oil ok okay old on once one only open openpyxl
    option or orange order original orthosis orthotics osteopath osteopathy other our out
    outcome outcomes over own owner oxygen page pages pain paper paracetamol parameters parent
    park part participant partner parts party patient patients penn people per percent period
    person personal phone physical physio physios physiotherapist physiotherapy picture pilates
    pill pills pink plan plate play please plus pm podiatry point points pool poor position
    possible post postcode posture practice practitioner pregabalin prescription present
    pressure previous primary probably problem problems professional programme progress
    progressive project proper proposed public pulse pump purple put qigong quad quads quality
    quarter query question questionnaire questions quick quiet rain ran rang range rate rated
    rating ratings raw ray reaction read reading ready realism rear reason received reception
    receptionist record records red ref referral referred reflex reflexologist reflexology
    refused region regular rehab relapse relapsing related relaxation remember reminder
    remitting repeat reply report reporting required research respite rest restless result
    results return returned review rheumatology ride rig right ring ringing rivermead road roll
    room round row rows royal run running said same sat sativex saturday saw scale scan
    scenario scenarios school sclerosis score scored scores scotland screen screening search
    season seat second secondary section see seen self send sent sertraline service services
    session sessions set seven severe severity sex sheet sheets shire shirt shop short shoulder
    shoulders show shower sick side sign signed silver since sister sit site sitting six skin
    sleep sleeping slept slight slow small snow so social society soft solution some someone
    son soon sore sources south southern spasm spasms spasticity special specialist speech
    spine splint spoke sports spot spring stable staff stage stairs stand standing start
    started state statement station stay stdev step steps steroids stiff stiffness still
    stomach stool stop stopped storage strap street stress stretch stretches stretching strong
    student study stuff subtotal such suffered suggested suite sum summary summer sun sunday
    supervisor support sure surgery surname survey swim swimming switch symptom symptoms system
    table tablet tablets tabs tai taken taking talk tango tape target tea teacher team
    telephone tell temperature template ten tendon tens tension term test tested testing tests
    thai than thank thanks that the their them then therapies therapist therapists therapy
    there these they thigh thing things think third this those though three thu thur thurs
    thursday tight time times tired title tizanidine to today toe toes together told tomorrow
    tonight too took tooth top total totals touch town track training tramadol transfer
    transport travel treatment tremor trial triceps trigger triggers trip trouble trunk trust
    trustee trustees tue tues tuesday twelve twice two type ultrasound unable uncertain uncle
    under unit university unknown unknowns unsure until unwell up upper upset urine us use used
    user using usual uti vaccine valid value van version very video view visit visited visiting
    visitor visits vitamin vitamins volunteer volunteers waist wait waiting wake wales walk
    walked walking wall wants ward wards warm was wash watch water wave wed wednesday week
    weekday weekend weekends weekly weeks weight well went were west western wet what wheel
    wheelchair when where which while whiskey white who whole why wide wife will wind windows
    wing winter wish with withdrawn without woke word work worker working world worse worst
    would wrist write written wrong year years yellow yes yesterday yet yoga you your zero zone
    zopiclone zulu
    """
)
"""Words of diaries, therapies and offices that are not a name when they begin with a capital."""

INSTITUTIONS: Final = _words(
    """
    building center centre clinic college foundation frame hospice hospital index infirmary
    inventory method questionnaire scale school score splint suite surgery technique test therapy
    trust unit university wing
    """
)
"""What follows the name of a place or a method, and is nobody's surname."""

PREMISES: Final = _words(
    "avenue church close court drive gardens hall house lane park road room square street ward"
)
"""What follows the name of a place, and can be a surname too."""

SAINTLY: Final = _words("king prince princess queen royal saint st")
"""What stands before a forename in the name of a hospital or a church."""

KNOWN_PLACES: Final = frozenset(
    {
        ("agnes", "hunt"),
        ("james", "cook"),
        ("james", "paget"),
        ("john", "radcliffe"),
        ("leonard", "cheshire"),
        ("robert", "jones"),
    }
)
"""Forename and surname of a hospital or a home."""

NOT_INITIALS: Final = _words(
    """
    all am and any apr aps aug avg bd bp cbd cis day dec dna dr ed edss eg esa feb fes fri gp
    hbo id ie iv jan jul jun ldn mar mas max may min mon mr mri ms na nb new nhs nil no nov nr
    nrs oct od ok old one ot pip pm ppms prn pt qds ref rrms sat sd sep snr so spms sum sun tba
    tbc tds the thu tot tue tv two uk uti vas wc wed yes
    """
)
"""Short forms that look like initials."""
