"""Codes of places in the names of events: ISO 3166-1 alpha-3, USPS codes of states, and a few others."""

from __future__ import annotations

_CODES = """
AFG Afghanistan|AGO Angola|ALB Albania|ARE United Arab Emirates|ARG Argentina|ARM Armenia|ASM American Samoa
AUS Australia|AUT Austria|AZE Azerbaijan|BDI Burundi|BEL Belgium|BEN Benin|BFA Burkina Faso|BGD Bangladesh|BGR Bulgaria
BHS Bahamas|BIH Bosnia and Herzegovina|BLR Belarus|BLZ Belize|BOL Bolivia|BRA Brazil|BRB Barbados|BTN Bhutan
BWA Botswana|CAF Central African Republic|CAN Canada|CHE Switzerland|CHL Chile|CHN China|CIV Ivory Coast|CMR Cameroon
COD Democratic Republic of the Congo|COG Congo|COL Colombia|COM Comoros|CPV Cape Verde|CRI Costa Rica|CUB Cuba
CYM Cayman Islands|CYP Cyprus|CZE Czechia|DEU Germany|DJI Djibouti|DMA Dominica|DNK Denmark|DOM Dominican Republic
DZA Algeria|ECU Ecuador|EGY Egypt|ERI Eritrea|ESP Spain|EST Estonia|ETH Ethiopia|FIN Finland|FJI Fiji|FRA France
FSM Micronesia|GAB Gabon|GBR United Kingdom|GEO Georgia (country)|GHA Ghana|GIN Guinea|GLP Guadeloupe|GMB Gambia
GNB Guinea-Bissau|GRC Greece|GRD Grenada|GRL Greenland|GTM Guatemala|GUF French Guiana|GUM Guam|GUY Guyana|HND Honduras
HRV Croatia|HTI Haiti|HUN Hungary|IDN Indonesia|IND India|IRL Ireland|IRN Iran|IRQ Iraq|ISL Iceland|ISR Israel|ITA Italy
JAM Jamaica|JOR Jordan|JPN Japan|KAZ Kazakhstan|KEN Kenya|KGZ Kyrgyzstan|KHM Cambodia|KIR Kiribati
KNA Saint Kitts and Nevis|KOR South Korea|KWT Kuwait|LAO Laos|LBN Lebanon|LBR Liberia|LBY Libya|LCA Saint Lucia
LKA Sri Lanka|LSO Lesotho|LUX Luxembourg|MAR Morocco|MDA Moldova|MDG Madagascar|MDV Maldives|MEX Mexico
MHL Marshall Islands|MKD North Macedonia|MLI Mali|MMR Myanmar|MNE Montenegro|MNG Mongolia|MNP Northern Mariana Islands
MOZ Mozambique|MRT Mauritania|MTQ Martinique|MUS Mauritius|MWI Malawi|MYS Malaysia|NAM Namibia|NCL New Caledonia
NER Niger|NGA Nigeria|NIC Nicaragua|NIG Niger|NLD Netherlands|NOR Norway|NPL Nepal|NZL New Zealand|OMN Oman|PAK Pakistan
PAN Panama|PER Peru|PHL Philippines|PLW Palau|PNG Papua New Guinea|POL Poland|PRI Puerto Rico|PRK North Korea
PRT Portugal|PRY Paraguay|PSE Palestine|REU Reunion|ROU Romania|RUS Russia|RWA Rwanda|SAU Saudi Arabia|SDN Sudan
SEN Senegal|SLB Solomon Islands|SLE Sierra Leone|SLV El Salvador|SOM Somalia|SRB Serbia|SSD South Sudan
STP Sao Tome and Principe|SUR Suriname|SVK Slovakia|SVN Slovenia|SWE Sweden|SWZ Eswatini|SYR Syria
TCA Turks and Caicos Islands|TCD Chad|TGO Togo|THA Thailand|TJK Tajikistan|TKM Turkmenistan|TLS Timor-Leste|TON Tonga
TTO Trinidad and Tobago|TUN Tunisia|TUR Turkey|TWN Taiwan|TZA Tanzania|UGA Uganda|UKR Ukraine|URY Uruguay
USA United States|UZB Uzbekistan|VCT Saint Vincent and the Grenadines|VEN Venezuela|VGB British Virgin Islands
VIR United States Virgin Islands|VNM Vietnam|VUT Vanuatu|WSM Samoa|YEM Yemen|ZAF South Africa|ZMB Zambia|ZWE Zimbabwe
US United States|UK United Kingdom|NZ New Zealand|DRC Democratic Republic of the Congo|NEP Nepal|VU Vanuatu|MX Mexico
USVI United States Virgin Islands|GOM Gulf of Mexico|NWHI Northwestern Hawaiian Islands
AK Alaska|AL Alabama|AR Arkansas|AZ Arizona|CA California|CO Colorado|CT Connecticut|DC District of Columbia|DE Delaware
FL Florida|GA Georgia|HI Hawaii|IA Iowa|ID Idaho|IL Illinois|IN Indiana|KS Kansas|KY Kentucky|LA Louisiana
MA Massachusetts|MD Maryland|ME Maine|MI Michigan|MN Minnesota|MO Missouri|MS Mississippi|MT Montana|NC North Carolina
ND North Dakota|NE Nebraska|NH New Hampshire|NJ New Jersey|NM New Mexico|NV Nevada|NY New York|OH Ohio|OK Oklahoma
OR Oregon|PA Pennsylvania|PR Puerto Rico|RI Rhode Island|SC South Carolina|SD South Dakota|TN Tennessee|TX Texas
UT Utah|VA Virginia|VT Vermont|WA Washington|WI Wisconsin|WV West Virginia|WY Wyoming
"""

PLACES: dict[str, str] = {
    code: place
    for line in _CODES.strip().split("\n")
    for code, _, place in (entry.partition(" ") for entry in line.split("|"))
}
"""Places by code."""
