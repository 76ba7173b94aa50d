import time, tempfile, sys
from pathlib import Path
from bench.data import History
from bench.questions import *
from bench.worker import *
def main():
    n=int(sys.argv[1]); names=sys.argv[2:]
    t=time.time(); f=Facts.of(History(n,1)); print('facts',time.time()-t)
    t=time.time(); tr=truths(f); print('truth',time.time()-t)
    for k,v in tr.items(): print('  ',k,v.count, end=';')
    print()
    for name in names or CONTENDERS:
        if CONTENDERS[name].missing(): print(name, CONTENDERS[name].missing()); continue
        with tempfile.TemporaryDirectory() as d, Process(name,Path(d),f,tr,20) as p:
            print('==',name,p.opened().note, p.fill())
            for q in questions(f):
                o=p.ask(q); o=p.ask(q) if o.status=='ok' and q!='purge' else o
                print('  ',q,o.status,f'{o.seconds*1e3:.3f} ms',o.note,o.bytes//1000 or '')
            for l in list(open(d+'/output'))[-3:] if '-v' in sys.argv else []: print(l)
if __name__=='__main__': main()
