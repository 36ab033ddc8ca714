" Vim syntax file of the Arch language. A test compares the keywords with the
" scanner's.
if exists("b:current_syntax")
  finish
endif

syntax keyword archDeclaration arch fn param state let var use
syntax keyword archStatement if else for scan in by where as require minimise over with of
syntax keyword archOperator and or not div mod
syntax keyword archConstant true false none
syntax keyword archType int float bool string bf16 f32 f64
syntax keyword archSection train study target test phase

syntax match archNumber "\<\d\+\>"
syntax match archNumber "\<\d\+\.\d\+\([eE][+-]\?\d\+\)\?\>"
syntax match archNumber "\<\d\+[eE][+-]\?\d\+\>"
syntax match archOperator "->\|\.\.\|\*\*\|[-+*/@=<>~]\|!="
syntax match archFunction "\<\h\w*\ze("
syntax match archEscape contained "\\[nt\\\"]"
syntax region archString start=+"+ skip=+\\.+ end=+"\|$+ contains=archEscape
syntax match archComment "//.*$" contains=@Spell
syntax match archDocumentation "///.*$" contains=@Spell

highlight default link archDeclaration Keyword
highlight default link archStatement Statement
highlight default link archOperator Operator
highlight default link archConstant Constant
highlight default link archType Type
highlight default link archSection Structure
highlight default link archNumber Number
highlight default link archFunction Function
highlight default link archEscape SpecialChar
highlight default link archString String
highlight default link archComment Comment
highlight default link archDocumentation SpecialComment

setlocal commentstring=//\ %s comments=:///,:// expandtab shiftwidth=2
if executable("ogee")
  setlocal formatprg=ogee\ fmt\ -
endif

let b:current_syntax = "arch"
