// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/name_key.h"

#include <unordered_map>

namespace hqsam {
namespace {

// Unicode's canonical decompositions, by the mark that they end in.
struct Accented {
  char16_t mark;
  const char16_t* letters;  // with the mark
  const char16_t* bases;    // without it
};
constexpr Accented kAccented[] = {
    {0x0300, u"ÀÈÌÒÙàèìòùǛǜǸǹЀЍѐѝḔḕṐṑẀẁẦầẰằỀềỒồỜờỪừỲỳ", u"AEIOUaeiouÜüNnЕИеиĒēŌōWwÂâĂăÊêÔôƠơƯưYy"},
    {0x0301, u"ÁÉÍÓÚÝáéíóúýĆćĹĺŃńŔŕŚśŹźǗǘǴǵǺǻǼǽǾǿ΅ΆΈΉΊΌΎΏΐάέήίΰόύώϓЃЌѓќḈḉḖḗḮḯḰḱḾḿṌṍṒṓṔṕṸṹẂẃẤấẮắẾếỐốỚớỨứ",
     u"AEIOUYaeiouyCcLlNnRrSsZzÜüGgÅåÆæØø¨ΑΕΗΙΟΥΩϊαεηιϋουωϒГКгкÇçĒēÏïKkMmÕõŌōPpŨũWwÂâĂăÊêÔôƠơƯư"},
    {0x0302, u"ÂÊÎÔÛâêîôûĈĉĜĝĤĥĴĵŜŝŴŵŶŷẐẑẬậỆệỘộ", u"AEIOUaeiouCcGgHhJjSsWwYyZzẠạẸẹỌọ"},
    {0x0303, u"ÃÑÕãñõĨĩŨũṼṽẪẫẴẵẼẽỄễỖỗỠỡỮữỸỹ", u"ANOanoIiUuVvÂâĂăEeÊêÔôƠơƯưYy"},
    {0x0304, u"ĀāĒēĪīŌōŪūǕǖǞǟǠǡǢǣǬǭȪȫȬȭȰȱȲȳӢӣӮӯḠḡḸḹṜṝ", u"AaEeIiOoUuÜüÄäȦȧÆæǪǫÖöÕõȮȯYyИиУуGgḶḷṚṛ"},
    {0x0306, u"ĂăĔĕĞğĬĭŎŏŬŭЎЙйўӁӂӐӑӖӗḜḝẶặ", u"AaEeGgIiOoUuУИиуЖжАаЕеȨȩẠạ"},
    {0x0307, u"ĊċĖėĠġİŻżȦȧȮȯḂḃḊḋḞḟḢḣṀṁṄṅṖṗṘṙṠṡṤṥṦṧṨṩṪṫẆẇẊẋẎẏẛ", u"CcEeGgIZzAaOoBbDdFfHhMmNnPpRrSsŚśŠšṢṣTtWwXxYyſ"},
    {0x0308, u"ÄËÏÖÜäëïöüÿŸΪΫϊϋϔЁЇёїӒӓӚӛӜӝӞӟӤӥӦӧӪӫӬӭӰӱӴӵӸӹḦḧṎṏṺṻẄẅẌẍẗ",
     u"AEIOUaeiouyYΙΥιυϒЕІеіАаӘәЖжЗзИиОоӨөЭэУуЧчЫыHhÕõŪūWwXxt"},
    {0x0309, u"ẢảẨẩẲẳẺẻỂểỈỉỎỏỔổỞởỦủỬửỶỷ", u"AaÂâĂăEeÊêIiOoÔôƠơUuƯưYy"},
    {0x030a, u"ÅåŮůẘẙ", u"AaUuwy"},
    {0x030b, u"ŐőŰűӲӳ", u"OoUuУу"},
    {0x030c, u"ČčĎďĚěĽľŇňŘřŠšŤťŽžǍǎǏǐǑǒǓǔǙǚǦǧǨǩǮǯǰȞȟ", u"CcDdEeLlNnRrSsTtZzAaIiOoUuÜüGgKkƷʒjHh"},
    {0x030f, u"ȀȁȄȅȈȉȌȍȐȑȔȕѶѷ", u"AaEeIiOoRrUuѴѵ"},
    {0x0311, u"ȂȃȆȇȊȋȎȏȒȓȖȗ", u"AaEeIiOoRrUu"},
    {0x031b, u"ƠơƯư", u"OoUu"},
    {0x0323, u"ḄḅḌḍḤḥḲḳḶḷṂṃṆṇṚṛṢṣṬṭṾṿẈẉẒẓẠạẸẹỊịỌọỢợỤụỰựỴỵ", u"BbDdHhKkLlMmNnRrSsTtVvWwZzAaEeIiOoƠơUuƯưYy"},
    {0x0324, u"Ṳṳ", u"Uu"},
    {0x0325, u"Ḁḁ", u"Aa"},
    {0x0326, u"ȘșȚț", u"SsTt"},
    {0x0327, u"ÇçĢģĶķĻļŅņŖŗŞşŢţȨȩḐḑḨḩ", u"CcGgKkLlNnRrSsTtEeDdHh"},
    {0x0328, u"ĄąĘęĮįŲųǪǫ", u"AaEeIiUuOo"},
    {0x032d, u"ḒḓḘḙḼḽṊṋṰṱṶṷ", u"DdEeLlNnTtUu"},
    {0x032e, u"Ḫḫ", u"Hh"},
    {0x0330, u"ḚḛḬḭṴṵ", u"EeIiUu"},
    {0x0331, u"ḆḇḎḏḴḵḺḻṈṉṞṟṮṯẔẕẖ", u"BbDdKkLlNnRrTtZzh"},
    {0x3099, u"がぎぐげござじずぜぞだぢづでどばびぶべぼゔゞガギグゲゴザジズゼゾダヂヅデドバビブベボヴヷヸヹヺヾ",
     u"かきくけこさしすせそたちつてとはひふへほうゝカキクケコサシスセソタチツテトハヒフヘホウワヰヱヲヽ"},
    {0x309a, u"ぱぴぷぺぽパピプペポ", u"はひふへほハヒフヘホ"},
};

struct Parts {
  char16_t base, mark;
};

const std::unordered_map<char32_t, Parts>& parts_of_letters() {
  static const auto table = [] {
    std::unordered_map<char32_t, Parts> parts;
    for (const Accented& row : kAccented) {
      for (size_t i = 0; row.letters[i] != 0; ++i) parts[row.letters[i]] = {row.bases[i], row.mark};
    }
    return parts;
  }();
  return table;
}

void append_utf8(char32_t code, std::string& text) {
  const auto tail = [&](int shift) { text.push_back(static_cast<char>(0x80 | ((code >> shift) & 0x3f))); };
  if (code < 0x80) {
    text.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    text.push_back(static_cast<char>(0xc0 | (code >> 6)));
    tail(0);
  } else {
    text.push_back(static_cast<char>(0xe0 | (code >> 12)));
    tail(6);
    tail(0);
  }
}

// Hangul syllables are numbered by their three parts.
bool append_hangul(char32_t code, std::string& text) {
  constexpr char32_t kFirst = 0xac00, kCount = 11172, kVowels = 21, kTails = 28;
  if (code < kFirst || code >= kFirst + kCount) return false;
  const char32_t index = code - kFirst;
  append_utf8(0x1100 + index / (kVowels * kTails), text);
  append_utf8(0x1161 + index % (kVowels * kTails) / kTails, text);
  if (index % kTails != 0) append_utf8(0x11a7 + index % kTails, text);
  return true;
}

void append_parts(char32_t code, std::string& text) {
  if (append_hangul(code, text)) return;
  const auto parts = parts_of_letters().find(code);
  if (parts != parts_of_letters().end()) {
    append_parts(parts->second.base, text);
    append_utf8(parts->second.mark, text);
  } else if (code >= 'A' && code <= 'Z') {
    text.push_back(static_cast<char>(code - 'A' + 'a'));
  } else {
    append_utf8(code, text);
  }
}

// The code point of two or three bytes at text[at] and its length; length 0: it is none of those.
struct Code {
  char32_t value = 0;
  size_t length = 0;
};

Code code_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const auto follows = [&](size_t i) { return at + i < text.size() && (byte(i) & 0xc0) == 0x80; };
  const auto bits = [&](size_t i) { return static_cast<char32_t>(byte(i) & 0x3f); };
  if (byte(0) < 0x80) return {byte(0), 1};
  if (byte(0) >= 0xc2 && byte(0) < 0xe0 && follows(1)) return {((byte(0) & 0x1fU) << 6) | bits(1), 2};
  if ((byte(0) & 0xf0) == 0xe0 && follows(1) && follows(2)) {
    return {((byte(0) & 0x0fU) << 12) | (bits(1) << 6) | bits(2), 3};
  }
  return {};
}

}  // namespace

std::string name_key(std::string_view name) {
  std::string key;
  key.reserve(name.size());
  for (size_t at = 0; at < name.size();) {
    const Code code = code_at(name, at);
    if (code.length == 0) {
      key.push_back(name[at++]);
      continue;
    }
    append_parts(code.value, key);
    at += code.length;
  }
  return key;
}

}  // namespace hqsam
